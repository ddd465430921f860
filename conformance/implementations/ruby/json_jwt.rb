# frozen_string_literal: true

# Package json-jwt, called: JSON::JWT.decode, which raises JSON::JWT::Exception of any token that it refuses. Claims of time
# are left to its caller.
require_relative 'countersign_driver'
require 'json/jwt'

version = Gem::Specification.find_by_name('json-jwt').version
CountersignDriver.serve(name: 'json-jwt', version: version, schemes: ['jwt-hs256'], capabilities: ['clock']) do |request|
  JSON::JWT.decode(request.bearer, request.key, :HS256)
  true
rescue JSON::JWT::Exception => e
  raise CountersignDriver::Refused, e.message
end
