#!/usr/bin/perl
# Example: GitHub's header, verified with the standard library of Perl.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use countersign_driver;
use Digest::SHA qw(hmac_sha256_hex sha256);

serve(
    name         => 'example',
    schemes      => ['github'],
    capabilities => ['clock'],
    verify       => sub {
        my $request = shift;
        my $given   = $request->header('X-Hub-Signature-256');
        refuse('no signature header') if !defined $given;
        my $wanted = 'sha256=' . hmac_sha256_hex($request->{body}, $request->{key});

        # Digests are compared, so that the time says nothing of the first difference.
        return sha256($given) eq sha256($wanted);
    },
);
