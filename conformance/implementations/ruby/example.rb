# frozen_string_literal: true

# Example: GitHub's header, verified with the standard library of Ruby.
require 'openssl'
require_relative 'countersign_driver'

CountersignDriver.serve(name: 'example', schemes: ['github'], capabilities: ['clock']) do |request|
  given = request.header('X-Hub-Signature-256') or raise CountersignDriver::Refused, 'no signature header'
  wanted = "sha256=#{OpenSSL::HMAC.hexdigest('SHA256', request.key, request.body)}"
  OpenSSL.secure_compare(wanted, given)
end
