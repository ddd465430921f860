# frozen_string_literal: true

# Speaks Countersign's line protocol (conformance/PROTOCOL.md), so that a driver holds only the call of its library.
# The standard library of Ruby alone; copy it beside a driver.
require 'json'
require 'stringio'
require 'uri'

module CountersignDriver
  # Raised by a driver: the library refused, in its documented way.
  class Refused < StandardError; end

  # Raised by a driver: the library cannot be asked.
  class Unsupported < StandardError; end

  # While a request is verified, Time.now is the time at which it arrives.
  module FrozenTime
    class << self
      attr_accessor :arrival
    end

    def now(**zone)
      FrozenTime.arrival ? at(FrozenTime.arrival, **zone) : super
    end
  end
  Time.singleton_class.prepend(FrozenTime)

  # What an HTTP server hands to an application. Key, target, values of headers and body are bytes.
  class Request
    attr_reader :scheme, :key, :now, :origin, :key_id, :constants, :method, :target, :headers, :body

    def initialize(message, sent = message['request'])
      endpoint = message['endpoint']
      @scheme, @now = message.values_at('scheme', 'now')
      @key = bytes(message['key'])
      @origin, @key_id, @constants = endpoint.values_at('origin', 'key_id', 'constants')
      # "Each byte as the character of that number", undone.
      @method, @target = sent.values_at('method', 'target').map { |text| text.encode('ISO-8859-1').b }
      @headers = sent['headers'].map { |name, value| [name, bytes(value)] }
      @body = bytes(sent['body'])
    end

    # The value of a header, lines of one name joined as Rack servers do; nil if it is absent.
    def header(name)
      values = headers.select { |line| line[0].casecmp?(name) }.map { |line| line[1] }
      values.empty? ? nil : values.join(', ')
    end

    # The token of an Authorization header, for libraries that take the token alone. Without one there is nothing to ask.
    def bearer
      header('Authorization').to_s[/\ABearer (.+)\z/mni, 1] or raise Refused, 'no bearer token'
    end

    # The environment that a Rack server hands to an application.
    def rack
      path, query = target.split('?', 2)
      host = (header('Host') || URI(origin).host).b
      environment = {
        'REQUEST_METHOD' => method, 'SCRIPT_NAME' => '', 'PATH_INFO' => path, 'QUERY_STRING' => query.to_s,
        'REQUEST_URI' => target, 'SERVER_NAME' => host[/\A[^:]*/n], 'SERVER_PORT' => URI(origin).port.to_s,
        'SERVER_PROTOCOL' => 'HTTP/1.1', 'CONTENT_LENGTH' => body.bytesize.to_s,
        'rack.version' => [1, 3], 'rack.url_scheme' => URI(origin).scheme, 'rack.input' => StringIO.new(body),
        'rack.errors' => $stderr, 'rack.multithread' => false, 'rack.multiprocess' => false, 'rack.run_once' => false
      }
      headers.each do |name, _|
        variable = name.upcase.tr('-', '_')
        next if variable == 'CONTENT_LENGTH'

        variable = "HTTP_#{variable}" unless variable == 'CONTENT_TYPE'
        environment[variable] = header(name)
      end
      environment
    end

    private

    def bytes(base64)
      base64.unpack1('m0')
    end
  end

  module_function

  # Answers until standard input ends. The block returns true for a genuine request and false for another; any exception
  # but the two above is an error. Without a package there is no version. The capability `timing` is added.
  def serve(name:, schemes:, version: nil, capabilities: [], &verify)
    hello = { name: name, version: version&.to_s, language: 'ruby', schemes: schemes, capabilities: [*capabilities, 'timing'] }
    hello.compact!
    # What a library prints must not come between the answers.
    output = $stdout.dup
    $stdout.reopen($stderr)
    $stdin.set_encoding('UTF-8')
    $stdin.each_line do |line|
      output.puts(JSON.generate(answer(JSON.parse(line), hello, verify)))
      output.flush
    end
  end

  def answer(line, hello, verify)
    kind, message = line.first
    case kind
    when 'hello' then { hello: hello }
    when 'verify' then ask(message, verify)
    when 'measure' then measured(message, verify)
    else { unsupported: { seq: message.fetch('seq'), why: "unknown kind of line: #{kind}" } }
    end
  end

  def ask(message, verify)
    seq = message.fetch('seq')
    request = Request.new(message) # what fails here is not a fault of the library, and ends the driver
    at_arrival(message) do
      verify.call(request) ? { accepted: { seq: seq } } : { rejected: { seq: seq } }
    rescue Refused => e
      { rejected: { seq: seq, detail: short(e.message) } }
    end
  end

  # How long each call takes, in nanoseconds; refusals are what is measured.
  def measured(message, verify)
    requests = message['requests'].map { |sent| Request.new(message, sent) }
    at_arrival(message) do
      GC.disable # it would lengthen some calls and not others
      nanos = message['order'].map do |place|
        request = requests.fetch(place)
        start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
        begin
          verify.call(request)
        rescue Refused
          nil
        end
        Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - start
      end
      { measured: { seq: message.fetch('seq'), nanos: nanos } }
    ensure
      GC.enable
    end
  end

  # What the block answers at the time of arrival, or the answer to what it raises that is not a refusal.
  def at_arrival(message)
    seq = message.fetch('seq')
    FrozenTime.arrival = message['now']
    yield
  rescue Unsupported => e
    { unsupported: { seq: seq, why: short(e.message) } }
  rescue StandardError, ScriptError, SystemStackError => e
    { error: { seq: seq, type: e.class.name, detail: short(e.message) } }
  ensure
    FrozenTime.arrival = nil
  end

  # Texts may repeat a long header, or show an object with its address and its secrets: one line of them, without that.
  def short(text)
    text.dup.force_encoding('UTF-8').scrub.lines.first.to_s.chomp.sub(/ for #<.*/, '')[0, 2000]
  end
end
