import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.util.Iterator;
import java.util.List;
import org.jsonschema2pojo.DefaultGenerationConfig;
import org.jsonschema2pojo.Jsonschema2Pojo;
import org.jsonschema2pojo.NoopRuleLogger;

/** Generates classes from a folder of JSON Schemas: {@code GenerateModel SCHEMAS INTO}. */
public class GenerateModel {
  public static void main(String[] arguments) throws Exception {
    URL schemas = new File(arguments[0]).toURI().toURL();
    File into = new File(arguments[1]);
    // Of the options in openmetadata-spec's pom, those that decide about classes and properties.
    Jsonschema2Pojo.generate(
        new DefaultGenerationConfig() {
          @Override
          public Iterator<URL> getSource() {
            return List.of(schemas).iterator();
          }

          @Override
          public File getTargetDirectory() {
            return into;
          }

          @Override
          public String getTargetPackage() {
            return "org.openmetadata.schema";
          }

          @Override
          public boolean isGenerateBuilders() {
            return true;
          }
        },
        new NoopRuleLogger());
  }
}
