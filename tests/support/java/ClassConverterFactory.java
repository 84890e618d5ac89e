package org.openmetadata.service.secrets.converter;

import java.util.Map;
import org.openmetadata.schema.security.credentials.BasicAuth;

/** Stands in for the server's own, with one entry for registrations to go by. */
public final class ClassConverterFactory {
  private static final Map<Class<?>, ClassConverter> CONVERTERS =
      Map.ofEntries(
          Map.entry(BasicAuth.class, new DefaultConnectionClassConverter(BasicAuth.class)));

  private ClassConverterFactory() {}

  public static ClassConverter getConverter(Class<?> clazz) {
    return CONVERTERS.getOrDefault(clazz, new DefaultConnectionClassConverter(clazz));
  }
}
