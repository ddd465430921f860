// Speaks Countersign's line protocol (conformance/PROTOCOL.md), so that a driver holds only the call of its library.
// Standard library alone; copy it beside a driver of `package main`.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"
)

// Driver says who answers. Version is left out where there is no package; Capabilities may be empty, and `timing` is added.
type Driver struct {
	Name         string   `json:"name"`
	Version      string   `json:"version,omitempty"`
	Language     string   `json:"language"`
	Schemes      []string `json:"schemes"`
	Capabilities []string `json:"capabilities"`
}

// Request is what an HTTP server hands to an application. Values of headers and the target are bytes.
type Request struct {
	Scheme    string
	Key       []byte // the secret as the sender is given it
	Now       time.Time
	Origin    string
	KeyID     string
	Constants map[string]string
	Method    string
	Target    string
	Headers   [][2]string
	Body      []byte
}

// Header gives the lines as net/http does.
func (r *Request) Header() http.Header {
	header := http.Header{}
	for _, line := range r.Headers {
		header.Add(line[0], line[1])
	}
	return header
}

// Bearer gives the token of an Authorization header, for libraries that take the token alone; two lines are joined by ", ".
// Without a token, which is a refusal, there is nothing to ask them.
func (r *Request) Bearer() (string, error) {
	word, token, _ := strings.Cut(strings.Join(r.Header().Values("Authorization"), ", "), " ")
	if !strings.EqualFold(word, "Bearer") || token == "" {
		return "", errors.New("no bearer token")
	}
	return token, nil
}

// HTTP gives the request as net/http hands it to a handler. The error means that the server itself answers 400.
func (r *Request) HTTP() (*http.Request, error) {
	target, err := url.ParseRequestURI(r.Target)
	if err != nil {
		return nil, Unsupported{"net/http refuses the target: " + err.Error()}
	}
	header := r.Header()
	request := &http.Request{
		Method: r.Method, URL: target, RequestURI: r.Target,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Host: header.Get("Host"),
		Body: io.NopCloser(bytes.NewReader(r.Body)), ContentLength: int64(len(r.Body)),
	}
	header.Del("Host")
	if strings.HasPrefix(r.Origin, "https:") {
		request.TLS = &tls.ConnectionState{}
	}
	return request, nil
}

// Failure is returned for an error that is not the library's way to refuse. Panics need no wrapping.
type Failure struct{ Err error }

func (f Failure) Error() string { return f.Err.Error() }

// Unsupported is returned if the library cannot be asked.
type Unsupported struct{ Why string }

func (u Unsupported) Error() string { return u.Why }

// Serve answers until standard input ends. Verify returns nil for a genuine request; any error but the two above is a refusal.
func Serve(driver Driver, verify func(*Request) error) {
	driver.Language = "go"
	driver.Capabilities = append(append([]string{}, driver.Capabilities...), "timing")
	input := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if len(line) > 0 {
			if err := output.Encode(answer(line, driver, verify)); err != nil {
				stop(err)
			}
		}
		if err == io.EOF {
			os.Exit(0)
		} else if err != nil {
			stop(err)
		}
	}
}

type object map[string]interface{}

type wireQuestion struct {
	Seq      uint64 `json:"seq"`
	Scheme   string `json:"scheme"`
	Key      []byte `json:"key"`
	Now      int64  `json:"now"`
	Endpoint struct {
		Origin    string            `json:"origin"`
		KeyID     string            `json:"key_id"`
		Constants map[string]string `json:"constants"`
	} `json:"endpoint"`
	Request  wireRequest   `json:"request"`  // of verify
	Requests []wireRequest `json:"requests"` // of measure
	Order    []int         `json:"order"`
}

type wireRequest struct {
	Method  string      `json:"method"`
	Target  string      `json:"target"`
	Headers [][2]string `json:"headers"`
	Body    []byte      `json:"body"`
}

func answer(line []byte, driver Driver, verify func(*Request) error) object {
	var message map[string]json.RawMessage
	if err := json.Unmarshal(line, &message); err != nil {
		stop(err)
	}
	if _, ok := message["hello"]; ok {
		return object{"hello": driver}
	}
	if raw, ok := message["verify"]; ok {
		return ask(question(raw), verify)
	}
	if raw, ok := message["measure"]; ok {
		return measured(question(raw), verify)
	}
	for kind, raw := range message {
		var numbered struct {
			Seq uint64 `json:"seq"`
		}
		if json.Unmarshal(raw, &numbered) == nil {
			return object{"unsupported": object{"seq": numbered.Seq, "why": "unknown kind of line: " + kind}}
		}
	}
	stop(errors.New("a line without a number"))
	return nil
}

func question(raw json.RawMessage) (wire wireQuestion) {
	if err := json.Unmarshal(raw, &wire); err != nil {
		stop(err)
	}
	return wire
}

func ask(wire wireQuestion, verify func(*Request) error) (reply object) {
	request := read(wire, wire.Request)
	defer panicked(wire.Seq, &reply)
	err := verify(request)
	if err == nil {
		return object{"accepted": object{"seq": wire.Seq}}
	}
	if other := notAsked(wire.Seq, err); other != nil {
		return other
	}
	return object{"rejected": object{"seq": wire.Seq, "detail": short(err.Error())}}
}

// measured says how long each call takes, in nanoseconds; refusals are what is measured.
func measured(wire wireQuestion, verify func(*Request) error) (reply object) {
	requests := make([]*Request, len(wire.Requests))
	for at, sent := range wire.Requests {
		requests[at] = read(wire, sent)
	}
	nanos := make([]int64, len(wire.Order))
	defer panicked(wire.Seq, &reply)
	// What reading the question left behind is collected now, and not during a call. With the collector off calls vary more:
	// they go through fresh memory.
	runtime.GC()
	for at, place := range wire.Order {
		request := requests[place]
		start := time.Now()
		err := verify(request)
		nanos[at] = time.Since(start).Nanoseconds()
		if other := notAsked(wire.Seq, err); other != nil {
			return other
		}
	}
	return object{"measured": object{"seq": wire.Seq, "nanos": nanos}}
}

// read makes a request of one that came with a question.
func read(wire wireQuestion, sent wireRequest) *Request {
	request := &Request{
		Scheme: wire.Scheme, Key: wire.Key, Now: time.Unix(wire.Now, 0), Origin: wire.Endpoint.Origin,
		KeyID: wire.Endpoint.KeyID, Constants: wire.Endpoint.Constants,
		Method: latin1(sent.Method), Target: latin1(sent.Target), Body: sent.Body,
	}
	for _, pair := range sent.Headers {
		value, err := base64.StdEncoding.DecodeString(pair[1])
		if err != nil {
			stop(err)
		}
		request.Headers = append(request.Headers, [2]string{pair[0], string(value)})
	}
	return request
}

// notAsked answers for an error that is not a refusal; nil for a refusal, and for none.
func notAsked(seq uint64, err error) object {
	var failure Failure
	var unsupported Unsupported
	switch {
	case errors.As(err, &failure):
		kind := fmt.Sprintf("%T", failure.Err)
		return object{"error": object{"seq": seq, "type": kind, "detail": short(err.Error())}}
	case errors.As(err, &unsupported):
		return object{"unsupported": object{"seq": seq, "why": short(err.Error())}}
	}
	return nil
}

// panicked answers for a panic; to be deferred.
func panicked(seq uint64, reply *object) {
	if cause := recover(); cause != nil {
		*reply = object{"error": object{"seq": seq, "type": "panic", "detail": short(fmt.Sprint(cause))}}
	}
}

// latin1 undoes "each byte as the character of that number".
func latin1(text string) string {
	out := make([]byte, 0, len(text))
	for _, char := range text {
		out = append(out, byte(char))
	}
	return string(out)
}

// short keeps texts, which may repeat a long header, far below the longest line.
func short(text string) string {
	if len(text) > 2000 {
		text = text[:2000]
	}
	return text
}

func stop(err error) {
	fmt.Fprintln(os.Stderr, "countersign driver:", err)
	os.Exit(2)
}
