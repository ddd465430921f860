# frozen_string_literal: true

# Package oauth, called: OAuth::Signature.verify on a Rack request. Time and nonce are left to its caller.
require_relative 'countersign_driver'
require 'oauth'
require 'oauth/request_proxy/rack_request'
require 'oauth/signature/hmac/sha1'

version = Gem::Specification.find_by_name('oauth').version
CountersignDriver.serve(name: 'oauth', version: version, schemes: ['oauth1-hmac-sha1'], capabilities: ['clock']) do |request|
  consumer, token = request.key.split('&', -1).map { |secret| URI.decode_www_form_component(secret.gsub('+', '%2B')) }
  raise CountersignDriver::Unsupported, 'the key is not two escaped secrets with & between' unless token

  OAuth::Signature.verify(Rack::Request.new(request.rack)) do |proxy|
    raise CountersignDriver::Refused, 'unknown consumer key' unless proxy.consumer_key == request.key_id

    [token, consumer]
  end
rescue OAuth::Error, OAuth::Signature::UnknownSignatureMethod => e
  raise CountersignDriver::Refused, "#{e.class}: #{e.message}"
end
