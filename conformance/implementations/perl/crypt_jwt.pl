#!/usr/bin/perl
# Package Crypt::JWT, called: decode_jwt, which dies of any token that it refuses.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use countersign_driver;
use Crypt::JWT qw(decode_jwt);

serve(
    name         => 'Crypt-JWT',
    version      => Crypt::JWT->VERSION,
    schemes      => ['jwt-hs256'],
    capabilities => ['clock'],
    verify       => sub {
        my $request = shift;
        eval { decode_jwt(token => $request->bearer, key => $request->{key}, accepted_alg => 'HS256'); 1 } and return 1;
        refuse($@) if $@ =~ /^JW[EST]: /;    # its own texts; others come from below
        die $@;
    },
);
