<?php

// Example: GitHub's header, verified with PHP itself.

declare(strict_types=1);

require __DIR__ . '/countersign_driver.php';

Countersign\serve('example', null, ['github'], ['clock'], function (Countersign\Request $request): bool {
    $given = $request->header('X-Hub-Signature-256') ?? throw new Countersign\Refused('no signature header');
    return hash_equals('sha256=' . hash_hmac('sha256', $request->body, $request->key), $given);
});
