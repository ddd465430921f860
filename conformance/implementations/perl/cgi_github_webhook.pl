#!/usr/bin/perl
# Package CGI::Github::Webhook, called: new and authenticated, on a CGI object that reads the request as a CGI program does.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use countersign_driver;
use CGI;
use CGI::Github::Webhook;

serve(
    name         => 'CGI-Github-Webhook',
    version      => CGI::Github::Webhook->VERSION,
    schemes      => ['github-sha1'],
    capabilities => ['clock'],                        # it writes the time to its log, and does nothing else with it
    verify       => sub {
        my $request = shift;
        local %ENV = (%ENV, $request->cgi);
        open my $body, '<', \$request->{body} or die "body: $!";
        local *STDIN = $body;
        CGI::initialize_globals();
        my $hook = CGI::Github::Webhook->new(secret => $request->{key}, trigger => '/bin/true', log => '/dev/null');
        return $hook->authenticated;
    },
);
