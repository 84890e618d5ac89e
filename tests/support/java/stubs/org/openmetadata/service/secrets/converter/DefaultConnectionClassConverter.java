package org.openmetadata.service.secrets.converter;

/** Stands in for the server's own: a class that needs no converter. */
public class DefaultConnectionClassConverter extends ClassConverter {
  public DefaultConnectionClassConverter(Class<?> clazz) {
    super(clazz);
  }
}
