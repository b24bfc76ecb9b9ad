import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

/** Renders each line of its input, a template in Base64, and answers a line: + and the text, or - and why not. */
public class VelocityOracle {
    public static void main(String[] arguments) throws Exception {
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("velocimacro.library", "");
        engine.init();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
        String line;
        while ((line = in.readLine()) != null) {
            String template = new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8);
            StringWriter written = new StringWriter();
            String sign = "+";
            try {
                engine.evaluate(new VelocityContext(), written, "template", template);
            } catch (Exception | Error failure) {
                sign = "-";
                written = new StringWriter();
                written.write(String.valueOf(failure.getMessage()));
            }
            byte[] text = written.toString().getBytes(StandardCharsets.UTF_8);
            out.println(sign + Base64.getEncoder().encodeToString(text));
        }
    }
}
