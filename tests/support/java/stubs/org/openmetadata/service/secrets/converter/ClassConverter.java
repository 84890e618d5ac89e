package org.openmetadata.service.secrets.converter;

import java.util.List;
import java.util.Optional;
import org.openmetadata.schema.utils.JsonUtils;

/**
 * Stands in for the server's own, with what converters use of it: the first class that takes a value
 * wins, and a value that none takes stays as it is.
 */
public abstract class ClassConverter {
  protected final Class<?> clazz;

  protected ClassConverter(Class<?> clazz) {
    this.clazz = clazz;
  }

  public Object convert(Object object) {
    return JsonUtils.convertValue(object, clazz);
  }

  protected Optional<Object> tryToConvert(Object object, List<Class<?>> candidateClasses) {
    for (Class<?> candidate : candidateClasses) {
      try {
        Object result = object == null ? null : JsonUtils.convertValue(object, candidate);
        if (result != null) {
          return Optional.of(result);
        }
      } catch (IllegalArgumentException otherProperties) {
        // the next one, then
      }
    }
    return Optional.ofNullable(object);
  }
}
