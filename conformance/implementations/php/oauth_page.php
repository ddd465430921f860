<?php

// The page behind oauth.php: a provider of OAuth 1.0, as the documentation of the extension shows it.

declare(strict_types=1);

ini_set('display_errors', '0');
$told = unserialize(base64_decode($_SERVER['COUNTERSIGN']), ['allowed_classes' => false]);
[$origin, $keyId, $consumerSecret, $tokenSecret] = $told;
try {
    $provider = new OAuthProvider();
    $provider->is2LeggedEndpoint(true);
    $provider->consumerHandler(function (OAuthProvider $provider) use ($keyId, $consumerSecret, $tokenSecret): int {
        $provider->consumer_secret = $consumerSecret;
        $provider->token_secret = $tokenSecret;
        return $provider->consumer_key === $keyId ? OAUTH_OK : OAUTH_CONSUMER_KEY_UNKNOWN;
    });
    // The extension leaves both to the application, and has no rule of its own.
    $provider->timestampNonceHandler(fn (): int => OAUTH_OK);
    $provider->checkOAuthRequest($origin . $_SERVER['REQUEST_URI'], $_SERVER['REQUEST_METHOD']);
    $answer = ['accepted', ''];
} catch (OAuthException $refused) {
    $answer = ['rejected', substr($refused->getMessage(), 0, 2000)];
}
// In a header, since PHP writes no body in answer to HEAD.
header('Countersign-Answer: ' . rawurlencode(json_encode($answer, JSON_INVALID_UTF8_SUBSTITUTE)));
