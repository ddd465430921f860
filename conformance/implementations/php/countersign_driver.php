<?php

// Speaks Countersign's line protocol (conformance/PROTOCOL.md), so that a driver holds only the call of its library.
// Nothing but PHP 8.1 itself; copy it beside a driver.

declare(strict_types=1);

namespace Countersign;

/** Thrown by a driver: the library refused, in its documented way. */
final class Refused extends \Exception
{
}

/** Thrown by a driver: the library cannot be asked. */
final class Unsupported extends \Exception
{
}

/** What an HTTP server hands to an application. Key, target, values of headers and body are bytes. */
final class Request
{
    public readonly string $scheme;
    public readonly string $key;
    public readonly int $now;
    public readonly string $origin;
    public readonly string $keyId;
    public readonly array $constants;
    public readonly string $method;
    public readonly string $target;
    /** @var list<array{string, string}> */
    public readonly array $headers;
    public readonly string $body;

    public function __construct(array $message, array $sent)
    {
        $endpoint = $message['endpoint'];
        $this->scheme = $message['scheme'];
        $this->key = self::bytes($message['key']);
        $this->now = $message['now'];
        $this->origin = $endpoint['origin'];
        $this->keyId = $endpoint['key_id'];
        $this->constants = $endpoint['constants'];
        // "Each byte as the character of that number", undone.
        $this->method = iconv('UTF-8', 'ISO-8859-1', $sent['method']);
        $this->target = iconv('UTF-8', 'ISO-8859-1', $sent['target']);
        $this->headers = array_map(fn (array $line) => [$line[0], self::bytes($line[1])], $sent['headers']);
        $this->body = self::bytes($sent['body']);
    }

    /** The value of a header, lines of one name joined as PHP's servers do; null if it is absent. */
    public function header(string $name): ?string
    {
        $lines = array_filter($this->headers, fn (array $line) => strcasecmp($line[0], $name) === 0);
        return $lines === [] ? null : implode(', ', array_column($lines, 1));
    }

    /** The token of an Authorization header, for libraries that take the token alone. Without one there is nothing to ask. */
    public function bearer(): string
    {
        if (preg_match('/\ABearer (.+)\z/is', $this->header('Authorization') ?? '', $found) !== 1) {
            throw new Refused('no bearer token');
        }
        return $found[1];
    }

    /** What a PHP page finds in $_SERVER, and a CGI program in its environment. */
    public function server(): array
    {
        $target = explode('?', $this->target, 2);
        $server = [
            'GATEWAY_INTERFACE' => 'CGI/1.1',
            'SERVER_PROTOCOL' => 'HTTP/1.1',
            'REQUEST_METHOD' => $this->method,
            'REQUEST_URI' => $this->target,
            'QUERY_STRING' => $target[1] ?? '',
            'CONTENT_LENGTH' => (string) strlen($this->body),
            'HTTPS' => str_starts_with($this->origin, 'https:') ? 'on' : 'off',
        ];
        foreach ($this->headers as [$name]) {
            $variable = strtr(strtoupper($name), '-', '_');
            if ($variable !== 'CONTENT_LENGTH') {
                $server[$variable === 'CONTENT_TYPE' ? $variable : "HTTP_$variable"] = $this->header($name);
            }
        }
        return $server;
    }

    private static function bytes(string $base64): string
    {
        return base64_decode($base64, true);
    }
}

/**
 * Answers until standard input ends. $verify returns true for a genuine request and false for another; anything thrown but
 * Refused and Unsupported is an error. Without a package $version is null. The capability "timing" is added.
 *
 * @param list<string> $schemes
 * @param list<string> $capabilities
 */
function serve(string $name, ?string $version, array $schemes, array $capabilities, callable $verify): never
{
    ini_set('display_errors', 'stderr');
    $capabilities[] = 'timing';
    $hello = compact('name') + ($version === null ? [] : compact('version'));
    $hello += ['language' => 'php'] + compact('schemes', 'capabilities');
    while (($line = fgets(STDIN)) !== false) {
        $message = json_decode($line, true, 64, JSON_THROW_ON_ERROR);
        $kind = (string) array_key_first($message);
        $answer = match ($kind) {
            'hello' => ['hello' => $hello],
            'verify' => ask($message['verify'], $verify),
            'measure' => measured($message['measure'], $verify),
            default => ['unsupported' => ['seq' => $message[$kind]['seq'], 'why' => "unknown kind of line: $kind"]],
        };
        $flags = JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES;
        fwrite(STDOUT, json_encode($answer, $flags) . "\n");
        fflush(STDOUT);
    }
    exit(0);
}

function ask(array $message, callable $verify): array
{
    $request = new Request($message, $message['request']); // what fails here is not a fault of the library, and ends the driver
    return guarded($message, function (array $seq) use ($request, $verify): array {
        try {
            return $verify($request) ? ['accepted' => $seq] : ['rejected' => $seq];
        } catch (Refused $refused) {
            return ['rejected' => $seq + ['detail' => short($refused->getMessage())]];
        }
    });
}

/** How long each call takes, in nanoseconds; refusals are what is measured. */
function measured(array $message, callable $verify): array
{
    $requests = array_map(fn (array $sent) => new Request($message, $sent), $message['requests']);
    return guarded($message, function (array $seq) use ($message, $requests, $verify): array {
        $nanos = [];
        foreach ($message['order'] as $place) {
            $request = $requests[$place];
            $start = hrtime(true);
            try {
                $verify($request);
            } catch (Refused) {
            }
            $nanos[] = hrtime(true) - $start;
        }
        return ['measured' => $seq + ['nanos' => $nanos]];
    });
}

/** What $ask answers, or the answer to what it throws that is not a refusal. */
function guarded(array $message, callable $ask): array
{
    $seq = ['seq' => (int) $message['seq']];
    ob_start(); // what a library prints must not come between the answers
    try {
        return $ask($seq);
    } catch (Unsupported $unsupported) {
        return ['unsupported' => $seq + ['why' => short($unsupported->getMessage())]];
    } catch (\Throwable $thrown) {
        return ['error' => $seq + ['type' => $thrown::class, 'detail' => short($thrown->getMessage())]];
    } finally {
        ob_end_clean();
    }
}

/** Texts may repeat a long header: kept far below the longest line. */
function short(string $text): string
{
    return substr($text, 0, 2000);
}
