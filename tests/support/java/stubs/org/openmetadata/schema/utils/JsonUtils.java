package org.openmetadata.schema.utils;

import com.fasterxml.jackson.databind.ObjectMapper;

/** Stands in for the server's own: a plain mapper, which fails on properties that a class has not. */
public final class JsonUtils {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonUtils() {}

  public static <T> T convertValue(Object value, Class<T> type) {
    return MAPPER.convertValue(value, type);
  }
}
