# Speaks Countersign's line protocol (conformance/PROTOCOL.md), so that a driver holds only the call of its library.
# Modules of Perl itself alone; copy it beside a driver. `use` it before the library: it brings its own time().
package countersign_driver;

use strict;
use warnings;
use Exporter 'import';
use IO::Handle;
use JSON::PP;
use MIME::Base64;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

our @EXPORT = qw(serve refuse unsupported);

# While a request is verified, time() is the time at which it arrives. Modules that are loaded later see it; code in C does not.
our $arrival;
BEGIN {
    *CORE::GLOBAL::time = sub () { defined $arrival ? $arrival : CORE::time() };
}

# Ends a call of the verifier: the library refused, in its documented way.
sub refuse { die bless { answer => 'rejected', detail => short($_[0]) }, 'countersign_driver::Answer' }

# Ends a call of the verifier: the library cannot be asked.
sub unsupported { die bless { answer => 'unsupported', why => short($_[0]) }, 'countersign_driver::Answer' }

# serve(name => ..., version => ..., schemes => [...], capabilities => [...], verify => sub { my $request = shift; ... });
# Without a package, leave the version out. Verify returns true for a genuine request and false for another. Any exception but the two above is an error. The capability
# `timing` is added.
sub serve {
    my %driver = @_;
    my $verify = delete $driver{verify};
    my %hello  = (language => 'perl', capabilities => [], %driver);
    $hello{version} = "$hello{version}" if defined $hello{version};
    $hello{capabilities} = [@{ $hello{capabilities} }, 'timing'];
    my $json   = JSON::PP->new->ascii->canonical;

    # Libraries may read or print on the standard handles; the protocol keeps its own.
    open my $input,  '<&', \*STDIN  or die "standard input: $!";
    open my $output, '>&', \*STDOUT or die "standard output: $!";
    open STDOUT, '>&', \*STDERR or die "standard output: $!";
    $output->autoflush(1);

    while (defined(my $line = <$input>)) {
        my ($kind, $message) = %{ JSON::PP->new->utf8->decode($line) };
        my $answer
            = $kind eq 'hello'   ? { hello => \%hello }
            : $kind eq 'verify'  ? ask($message, $verify)
            : $kind eq 'measure' ? measured($message, $verify)
            :                      { unsupported => { seq => 0 + $message->{seq}, why => "unknown kind of line: $kind" } };
        print {$output} $json->encode($answer), "\n" or die "standard output: $!";
    }
    exit 0;
}

sub ask {
    my ($message, $verify) = @_;
    my %seq     = (seq => 0 + $message->{seq});
    my $request = countersign_driver::Request->new($message, $message->{request});
    local $arrival = $request->{now};
    my $genuine = eval { $verify->($request) ? 1 : 0 };
    return $genuine ? { accepted => {%seq} } : { rejected => {%seq} } if defined $genuine;
    return thrown($@, %seq);
}

# How long each call takes, in nanoseconds; refusals are what is measured.
sub measured {
    my ($message, $verify) = @_;
    my %seq      = (seq => 0 + $message->{seq});
    my @requests = map { countersign_driver::Request->new($message, $_) } @{ $message->{requests} };
    local $arrival = 0 + $message->{now};
    my @nanos;
    for my $request (@requests[@{ $message->{order} }]) {
        my $start = clock_gettime(CLOCK_MONOTONIC);
        my $answered = eval { $verify->($request); 1 };
        my $end = clock_gettime(CLOCK_MONOTONIC);
        return thrown($@, %seq) if !$answered && !is_refusal($@);
        push @nanos, int(1e9 * ($end - $start) + 0.5);
    }
    return { measured => { %seq, nanos => \@nanos } };
}

sub is_refusal { return ref $_[0] eq 'countersign_driver::Answer' && $_[0]{answer} eq 'rejected' }

sub thrown {
    my ($thrown, %seq) = @_;
    if (ref $thrown eq 'countersign_driver::Answer') {
        my $kind = delete $thrown->{answer};
        return { $kind => { %seq, %$thrown } };
    }
    return { error => { %seq, type => ref $thrown || 'die', detail => short("$thrown") } };
}

# Keeps texts, which may repeat a long header, far below the longest line, and leaves out where in the code they arose.
sub short {
    my $text = defined $_[0] ? "$_[0]" : '';
    $text =~ s/ at \S+ line \d+.*//s;
    $text =~ s/[\x{D800}-\x{DFFF}]/\x{FFFD}/g;
    return substr $text, 0, 2000;
}

# Fields: scheme, key, now, origin, key_id, constants, method, target, headers (pairs), body. Texts of the request are bytes.
package countersign_driver::Request;

sub new {
    my ($class, $message, $sent) = @_;
    my %self = (
        scheme  => $message->{scheme},
        key     => MIME::Base64::decode_base64($message->{key}),
        now     => 0 + $message->{now},
        %{ $message->{endpoint} },
        method  => latin($sent->{method}),
        target  => latin($sent->{target}),
        headers => [map { [$_->[0], MIME::Base64::decode_base64($_->[1])] } @{ $sent->{headers} }],
        body    => MIME::Base64::decode_base64($sent->{body}),
    );
    return bless \%self, $class;
}

# Undoes "each byte as the character of that number".
sub latin { my $text = shift; utf8::downgrade($text); return $text }

# The value of a header, lines of one name joined as PSGI and CGI servers do; undef if it is absent.
sub header {
    my ($self, $name) = @_;
    my @values = map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
    return @values ? join(', ', @values) : undef;
}

# The token of an Authorization header, for libraries that take the token alone. Without one there is nothing to ask them.
sub bearer {
    my $value = $_[0]->header('Authorization');
    return $1 if defined $value && $value =~ /\ABearer (.+)\z/si;
    countersign_driver::refuse('no bearer token');
}

# The environment of a CGI program.
sub cgi {
    my $self = shift;
    my ($path, $query) = split /\?/, $self->{target}, 2;
    my %environment = (
        GATEWAY_INTERFACE => 'CGI/1.1',
        SERVER_PROTOCOL   => 'HTTP/1.1',
        REQUEST_METHOD    => $self->{method},
        REQUEST_URI       => $self->{target},
        SCRIPT_NAME       => $path,
        QUERY_STRING      => defined $query ? $query : '',
        CONTENT_LENGTH    => length $self->{body},
        HTTPS             => $self->{origin} =~ /^https:/ ? 'on' : 'off',
    );
    for my $name (map { $_->[0] } @{ $self->{headers} }) {
        my $variable = uc $name =~ tr/-/_/r;
        next if $variable eq 'CONTENT_LENGTH';
        $variable = "HTTP_$variable" if $variable ne 'CONTENT_TYPE';
        $environment{$variable} = $self->header($name);
    }
    return %environment;
}

1;
