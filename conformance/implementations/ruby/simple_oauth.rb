# frozen_string_literal: true

# Package simple_oauth, called: SimpleOAuth::Header.new and valid?. Time and nonce are left to its caller.
require_relative 'countersign_driver'
require 'simple_oauth'

version = Gem::Specification.find_by_name('simple_oauth').version
schemes = ['oauth1-hmac-sha1']
CountersignDriver.serve(name: 'simple_oauth', version: version, schemes: schemes, capabilities: ['clock']) do |request|
  consumer, token = request.key.split('&', -1).map { |secret| URI.decode_www_form_component(secret.gsub('+', '%2B')) }
  raise CountersignDriver::Unsupported, 'the key is not two escaped secrets with & between' unless token

  # The package takes the parameters of a form as a list.
  form = request.header('Content-Type').to_s.match?(%r{\Aapplication/x-www-form-urlencoded\s*(;|\z)}ni)
  fields = form ? request.body.split('&').reject(&:empty?) : []
  params = fields.map { |field| field.split('=', 2).map { |text| CGI.unescape(text) }.values_at(0, 1) }
  header = SimpleOAuth::Header.new(request.method, request.origin + request.target, params, request.header('Authorization'))
  header.options[:consumer_key] == request.key_id && header.valid?(consumer_secret: consumer, token_secret: token)
end
