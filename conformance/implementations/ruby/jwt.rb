# frozen_string_literal: true

# Package jwt, called: JWT.decode, which raises JWT::DecodeError of any token that it refuses.
require_relative 'countersign_driver'
require 'jwt'

version = Gem::Specification.find_by_name('jwt').version
CountersignDriver.serve(name: 'jwt', version: version, schemes: ['jwt-hs256'], capabilities: ['clock']) do |request|
  JWT.decode(request.bearer, request.key, true, algorithm: 'HS256')
  true
rescue JWT::DecodeError => e
  raise CountersignDriver::Refused, e.message
end
