import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Speaks Countersign's line protocol (conformance/PROTOCOL.md), so that a driver holds only the call of its library.
 * The Java 17 platform alone; copy it beside a driver.
 */
public final class CountersignDriver {
    /** Asks the library: true for a genuine request, false for another; anything thrown but the two below is an error. */
    public interface Verifier {
        boolean verify(Request request) throws Exception;
    }

    /** Thrown by a driver: the library refused, in its documented way. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        public Refused(String detail) {
            super(detail);
        }
    }

    /** Thrown by a driver: the library cannot be asked. */
    public static final class Unsupported extends Exception {
        private static final long serialVersionUID = 1;

        public Unsupported(String why) {
            super(why);
        }
    }

    /** A header line; the value is bytes. */
    public record Header(String name, byte[] value) {}

    /** What an HTTP server hands to an application. In method and target each byte is the character of that number. */
    public record Request(
            String scheme, byte[] key, long now, String origin, String keyId, Map<String, String> constants,
            String method, String target, List<Header> headers, byte[] body) {

        /** The secret as text. */
        public String keyText() {
            return new String(key, StandardCharsets.UTF_8);
        }

        /** The value of a header as servlets see it (Latin-1), lines of one name joined by ", "; null if it is absent. */
        public String header(String name) {
            List<String> values = new ArrayList<>();
            for (Header line : headers) {
                if (line.name().equalsIgnoreCase(name)) {
                    values.add(new String(line.value(), StandardCharsets.ISO_8859_1));
                }
            }
            return values.isEmpty() ? null : String.join(", ", values);
        }

        /** The token of an Authorization header, for libraries that take the token alone. */
        public String bearer() throws Refused {
            String value = header("Authorization");
            if (value == null || value.length() < 8 || !value.substring(0, 7).equalsIgnoreCase("Bearer ")) {
                throw new Refused("no bearer token");
            }
            return value.substring(7);
        }
    }

    /** The same for code of your own, which has no version. */
    public static void serve(String name, List<String> schemes, List<String> capabilities, Verifier verifier)
            throws IOException {
        serve(name, null, schemes, capabilities, verifier);
    }

    /** Answers until standard input ends. The version may be null; the capability "timing" is added. */
    public static void serve(
            String name, String version, List<String> schemes, List<String> capabilities, Verifier verifier)
            throws IOException {
        Map<String, Object> hello = new LinkedHashMap<>();
        hello.put("name", name);
        if (version != null) {
            hello.put("version", version);
        }
        hello.put("language", "java");
        hello.put("schemes", schemes);
        List<String> all = new ArrayList<>(capabilities);
        all.add("timing");
        hello.put("capabilities", all);

        // What a library prints must not come between the answers.
        PrintStream output = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        System.setOut(System.err);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            Map.Entry<String, Object> message = object(Json.read(line)).entrySet().iterator().next();
            Map<String, Object> content = object(message.getValue());
            Map<String, Object> answer = switch (message.getKey()) {
                case "hello" -> Map.of("hello", hello);
                case "verify" -> ask(content, verifier);
                case "measure" -> measured(content, verifier);
                default -> answer("unsupported", content, "why", "unknown kind of line: " + message.getKey());
            };
            output.print(Json.write(answer) + "\n");
            output.flush();
        }
        System.exit(0); // a thread that the library started must not keep the driver alive
    }

    private static Map<String, Object> ask(Map<String, Object> message, Verifier verifier) {
        Request request = request(message, object(message.get("request")));
        try {
            return answer(verifier.verify(request) ? "accepted" : "rejected", message, null, null);
        } catch (Refused refused) {
            return answer("rejected", message, "detail", refused.getMessage());
        } catch (Throwable thrown) {
            return failed(message, thrown);
        }
    }

    /** How long each call takes, in nanoseconds; refusals are what is measured. */
    private static Map<String, Object> measured(Map<String, Object> message, Verifier verifier) {
        List<Request> requests = new ArrayList<>();
        for (Object sent : (List<?>) message.get("requests")) {
            requests.add(request(message, object(sent)));
        }
        List<Request> asked = new ArrayList<>();
        for (Object place : (List<?>) message.get("order")) {
            asked.add(requests.get(((BigDecimal) place).intValueExact()));
        }
        List<Long> nanos = new ArrayList<>(asked.size());
        try {
            for (Request request : asked) {
                long start = System.nanoTime();
                try {
                    verifier.verify(request);
                } catch (Refused refused) {
                    // as much an answer as any other
                }
                nanos.add(System.nanoTime() - start);
            }
        } catch (Throwable thrown) {
            return failed(message, thrown);
        }
        Map<String, Object> answer = answer("measured", message, null, null);
        object(answer.get("measured")).put("nanos", nanos);
        return answer;
    }

    /** The answer to what is thrown and is not a refusal. */
    private static Map<String, Object> failed(Map<String, Object> message, Throwable thrown) {
        if (thrown instanceof Unsupported) {
            return answer("unsupported", message, "why", thrown.getMessage());
        }
        Map<String, Object> error = answer("error", message, "detail", String.valueOf(thrown.getMessage()));
        object(error.get("error")).put("type", thrown.getClass().getName());
        return error;
    }

    private static Map<String, Object> answer(String kind, Map<String, Object> message, String field, String text) {
        Map<String, Object> content = new LinkedHashMap<>();
        BigInteger seq = ((BigDecimal) message.get("seq")).toBigIntegerExact();
        content.put("seq", seq);
        if (text != null) {
            // Texts may repeat a long header: kept far below the longest line.
            content.put(field, text.length() > 2000 ? text.substring(0, 2000) : text);
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put(kind, content);
        return line;
    }

    private static Request request(Map<String, Object> message, Map<String, Object> sent) {
        Map<String, Object> endpoint = object(message.get("endpoint"));
        Map<String, String> constants = new LinkedHashMap<>();
        object(endpoint.get("constants")).forEach((name, value) -> constants.put(name, (String) value));
        List<Header> headers = new ArrayList<>();
        for (Object line : (List<?>) sent.get("headers")) {
            List<?> pair = (List<?>) line;
            headers.add(new Header((String) pair.get(0), bytes(pair.get(1))));
        }
        return new Request(
                (String) message.get("scheme"), bytes(message.get("key")),
                ((BigDecimal) message.get("now")).longValueExact(), (String) endpoint.get("origin"),
                (String) endpoint.get("key_id"), constants, (String) sent.get("method"), (String) sent.get("target"),
                headers, bytes(sent.get("body")));
    }

    private static byte[] bytes(Object base64) {
        return Base64.getDecoder().decode((String) base64);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    /** A small strict reader and writer of JSON: objects are maps, arrays lists, numbers BigDecimal. */
    static final class Json {
        private static final int DEEPEST = 16; // the protocol needs six
        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        static Object read(String text) {
            Json json = new Json(text);
            Object value = json.value(0);
            json.blanks();
            if (json.at != text.length()) {
                throw json.wrong("the end");
            }
            return value;
        }

        private Object value(int depth) {
            if (depth > DEEPEST) {
                throw wrong("less nesting");
            }
            blanks();
            switch (peek()) {
                case '{':
                    return members(depth);
                case '[':
                    return items(depth);
                case '"':
                    return string();
                case 't':
                    return word("true", Boolean.TRUE);
                case 'f':
                    return word("false", Boolean.FALSE);
                case 'n':
                    return word("null", null);
                default:
                    return number();
            }
        }

        private Map<String, Object> members(int depth) {
            Map<String, Object> object = new LinkedHashMap<>();
            at++;
            blanks();
            if (skip('}')) {
                return object;
            }
            do {
                blanks();
                String name = string();
                blanks();
                expect(':');
                if (object.containsKey(name)) {
                    throw wrong("each name once");
                }
                object.put(name, value(depth + 1));
                blanks();
            } while (skip(','));
            expect('}');
            return object;
        }

        private List<Object> items(int depth) {
            List<Object> array = new ArrayList<>();
            at++;
            blanks();
            if (skip(']')) {
                return array;
            }
            do {
                array.add(value(depth + 1));
                blanks();
            } while (skip(','));
            expect(']');
            return array;
        }

        private String string() {
            expect('"');
            StringBuilder string = new StringBuilder();
            while (peek() != '"') {
                char next = text.charAt(at++);
                if (next < ' ') {
                    throw wrong("no control character");
                }
                string.append(next == '\\' ? escape() : next);
            }
            at++;
            return string.toString();
        }

        private char escape() {
            char next = peek();
            at++;
            if (next == 'u') {
                if (at + 4 > text.length() || !text.substring(at, at + 4).matches("[0-9a-fA-F]{4}")) {
                    throw wrong("four hex digits");
                }
                at += 4;
                return (char) Integer.parseInt(text.substring(at - 4, at), 16);
            }
            int known = "\"\\/bfnrt".indexOf(next);
            if (known < 0) {
                throw wrong("a known escape");
            }
            return "\"\\/\b\f\n\r\t".charAt(known);
        }

        private BigDecimal number() {
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            String number = text.substring(start, at);
            if (!number.matches("-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")) {
                throw wrong("a value");
            }
            return new BigDecimal(number);
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) {
                throw wrong(word);
            }
            at += word.length();
            return value;
        }

        private void blanks() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private char peek() {
            if (at >= text.length()) {
                throw wrong("more");
            }
            return text.charAt(at);
        }

        private boolean skip(char wanted) {
            boolean there = peek() == wanted;
            at += there ? 1 : 0;
            return there;
        }

        private void expect(char wanted) {
            if (!skip(wanted)) {
                throw wrong(String.valueOf(wanted));
            }
        }

        private IllegalArgumentException wrong(String wanted) {
            return new IllegalArgumentException("JSON: expected " + wanted + " at character " + at);
        }

        static String write(Object value) {
            StringBuilder out = new StringBuilder();
            write(value, out);
            return out.toString();
        }

        private static void write(Object value, StringBuilder out) {
            if (value instanceof Map<?, ?> map) {
                String before = "{";
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    quote((String) member.getKey(), out.append(before));
                    write(member.getValue(), out.append(':'));
                    before = ",";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            } else if (value instanceof List<?> list) {
                String before = "[";
                for (Object item : list) {
                    write(item, out.append(before));
                    before = ",";
                }
                out.append(list.isEmpty() ? "[]" : "]");
            } else if (value instanceof String text) {
                quote(text, out);
            } else {
                out.append(value);
            }
        }

        // Everything but plain ASCII is escaped, and half of a surrogate pair, which JSON cannot hold, replaced.
        private static void quote(String text, StringBuilder out) {
            out.append('"');
            text.codePoints().forEach(point -> {
                if (point >= 0xD800 && point <= 0xDFFF) {
                    point = 0xFFFD;
                }
                if (point >= ' ' && point < 0x7F && point != '"' && point != '\\') {
                    out.append((char) point);
                } else {
                    for (char unit : Character.toChars(point)) {
                        out.append(String.format("\\u%04x", (int) unit));
                    }
                }
            });
            out.append('"');
        }
    }
}
