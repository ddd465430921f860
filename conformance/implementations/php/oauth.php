<?php

// Package oauth (the extension), called: OAuthProvider::checkOAuthRequest. Its provider reads the request from the server, not
// from its caller, so each request is given to php-cgi, which runs oauth_page.php. Time and nonce are left to its caller.

declare(strict_types=1);

require __DIR__ . '/countersign_driver.php';

$verify = function (Countersign\Request $request): bool {
    $secrets = array_map(rawurldecode(...), explode('&', $request->key, 3));
    if (count($secrets) !== 2) {
        throw new Countersign\Unsupported('the key is not two escaped secrets with & between');
    }
    $environment = $request->server() + [
        'REDIRECT_STATUS' => '200', // php-cgi wants to be told that a server started it
        'SCRIPT_FILENAME' => __DIR__ . '/oauth_page.php',
        'PATH' => (string) getenv('PATH'),
        'COUNTERSIGN' => base64_encode(serialize([$request->origin, $request->keyId, ...$secrets])),
    ];
    $input = tmpfile();
    fwrite($input, $request->body);
    rewind($input);
    $page = proc_open(['php-cgi', '-q'], [$input, ['pipe', 'w'], STDERR], $pipes, null, $environment);
    if ($page === false) {
        exit(2); // no php-cgi: that is not a fault of the library
    }
    $said = stream_get_contents($pipes[1]);
    proc_close($page);
    preg_match('/^Countersign-Answer: (\S+)/m', $said, $found);
    $answer = json_decode(rawurldecode($found[1] ?? ''), true);
    return match ($answer[0] ?? null) {
        'accepted' => true,
        'rejected' => throw new Countersign\Refused($answer[1]),
        default => throw new Error("the page ended without an answer: $said"),
    };
};
Countersign\serve('oauth', phpversion('oauth') ?: 'unknown', ['oauth1-hmac-sha1'], ['clock'], $verify);
