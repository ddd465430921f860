import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Example: GitHub's header, verified with the Java platform. */
public final class Example {
    public static void main(String[] arguments) throws Exception {
        CountersignDriver.serve("example", List.of("github"), List.of("clock"), request -> {
            String given = request.header("X-Hub-Signature-256");
            if (given == null) {
                throw new CountersignDriver.Refused("no signature header");
            }
            if (request.key().length == 0) {
                throw new CountersignDriver.Unsupported("javax.crypto takes no empty key");
            }
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(request.key(), "HmacSHA256"));
            String wanted = "sha256=" + HexFormat.of().formatHex(mac.doFinal(request.body()));
            return MessageDigest.isEqual(
                    wanted.getBytes(StandardCharsets.ISO_8859_1), given.getBytes(StandardCharsets.ISO_8859_1));
        });
    }
}
