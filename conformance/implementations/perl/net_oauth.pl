#!/usr/bin/perl
# Package Net::OAuth, called: request('consumer'), from_authorization_header, verify. Time and nonce are left to its caller.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use countersign_driver;
use Encode qw(decode);
use Net::OAuth;
use URI::Escape qw(uri_unescape);

# Parameters of a form, as characters: the package warns of bytes.
sub form {
    my $request = shift;
    return {} if ($request->header('Content-Type') // '') !~ m{^application/x-www-form-urlencoded\s*(?:;|$)}i;
    my %form;
    for my $field (grep { length } split /&/, $request->{body}) {
        my ($name, $value) = map { decode('UTF-8', uri_unescape(tr/+/ /r)) } split /=/, $field, 2;
        $form{ $name // '' } = $value // '';
    }
    return \%form;
}

serve(
    name         => 'Net-OAuth',
    version      => Net::OAuth->VERSION,
    schemes      => ['oauth1-hmac-sha1'],
    capabilities => ['clock'],
    verify       => sub {
        my $request = shift;
        my ($consumer) = $request->{key} =~ /^([^&]*)&/ or unsupported('the key is not two escaped secrets with & between');
        my $genuine = eval {
            my $message = Net::OAuth->request('consumer')->from_authorization_header(
                $request->header('Authorization') // '',
                request_url     => $request->{origin} . $request->{target},
                request_method  => $request->{method},
                consumer_secret => uri_unescape($consumer),
                extra_params    => form($request),
            );
            $message->consumer_key eq $request->{key_id} && $message->verify ? 1 : 0;
        };
        return $genuine if defined $genuine;
        refuse($@) if $@ =~ /^(?:Header must|Missing|Parameter|Unable to load)/;    # its own texts
        die $@;
    },
);
