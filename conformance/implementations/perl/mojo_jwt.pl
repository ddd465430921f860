#!/usr/bin/perl
# Package Mojo::JWT, called: new and decode, which dies of any token that it refuses. It takes every HS algorithm.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use countersign_driver;
use Mojo::JWT;

my $own = qr/^(?:Required header|Algorithm|Failed|Unsupported|Unknown|JWT |symmetric secret|public key)/;

serve(
    name         => 'Mojo-JWT',
    version      => Mojo::JWT->VERSION,
    schemes      => ['jwt-hs256'],
    capabilities => ['clock'],
    verify       => sub {
        my $request = shift;
        eval { Mojo::JWT->new(secret => $request->{key})->decode($request->bearer); 1 } and return 1;
        refuse($@) if $@ =~ $own;            # its own texts; others come from below
        die $@;
    },
);
