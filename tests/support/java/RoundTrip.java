import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.Map;
import org.openmetadata.service.secrets.converter.ClassConverter;
import org.openmetadata.service.secrets.converter.ClassConverterFactory;

/**
 * Converts connections and says what came of each field: {@code RoundTrip CASES}.
 *
 * <p>CASES is JSON, a list of {@code {"type": class, "connection": {…}, "field": name}}. The
 * answer is a list of {@code {"class": of the field, "connection": {…}}} on standard output.
 */
public class RoundTrip {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    var answers = mapper.createArrayNode();
    for (JsonNode test : mapper.readTree(new File(arguments[0]))) {
      Class<?> type = Class.forName(test.get("type").asText());
      ClassConverter converter = ClassConverterFactory.getConverter(type);
      Object made = converter.convert(mapper.convertValue(test.get("connection"), Map.class));
      String field = test.get("field").asText();
      String getter = "get" + Character.toUpperCase(field.charAt(0)) + field.substring(1);
      Object value = made.getClass().getMethod(getter).invoke(made);
      var answer = answers.addObject().put("class", value.getClass().getName());
      answer.set("connection", mapper.valueToTree(made));
    }
    System.out.println(answers);
  }
}
