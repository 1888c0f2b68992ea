// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.firmware.acpi;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;

/**
 * Writes ACPI's machine language.
 *
 * @see "ACPI Specification 6.4, 20 ACPI Machine Language (AML) Specification"
 */
public final class Aml {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** What was written. */
  public byte[] bytes() {
    return out.toByteArray();
  }

  private void dword(long value) {
    for (int shift = 0; shift < 32; shift += 8) {
      out.write((int) (value >> shift));
    }
  }

  /** Names of four characters with dots between; a backslash before them is the root. */
  private void name(String path) {
    String rest = path;
    if (rest.startsWith("\\")) {
      out.write('\\');
      rest = rest.substring(1);
    }
    String[] parts = rest.split("\\.", -1);
    if (parts.length == 2) {
      out.write(0x2e);
    } else if (parts.length > 2) {
      out.write(0x2f);
      out.write(parts.length);
    }
    for (String part : parts) {
      out.writeBytes((part + "____").substring(0, 4).getBytes(US_ASCII));
    }
  }

  /** A length that counts its own bytes, and what is inside. */
  private void inside(byte[] content) {
    int length = content.length;
    if (length + 1 < 0x40) {
      out.write(length + 1);
    } else {
      int more = length + 2 < 1 << 12 ? 1 : length + 3 < 1 << 20 ? 2 : 3;
      int whole = length + 1 + more;
      out.write(more << 6 | (whole & 15));
      for (int index = 0; index < more; index++) {
        out.write(whole >> (4 + 8 * index));
      }
    }
    out.writeBytes(content);
  }

  private void inside(String path, Consumer<Aml> content) {
    var part = new Aml();
    part.name(path);
    content.accept(part);
    inside(part.bytes());
  }

  /** What is inside is of an object that is there already. */
  public void scope(String path, Consumer<Aml> content) {
    out.write(0x10);
    inside(path, content);
  }

  /** A device. */
  public void device(String path, Consumer<Aml> content) {
    out.write(0x5b);
    out.write(0x82);
    inside(path, content);
  }

  /** A processor without registers of its own. */
  public void processor(String path, int number) {
    out.write(0x5b);
    out.write(0x83);
    inside(
        path,
        part -> {
          part.out.write(number);
          part.dword(0);
          part.out.write(0);
        });
  }

  /** A name for the value that is written next. */
  public Aml named(String path) {
    out.write(0x08);
    name(path);
    return this;
  }

  /** A number. */
  public void number(long value) {
    if (value == 0 || value == 1) {
      out.write((int) value);
    } else if (value >= 0 && value < 0x100) {
      out.write(0x0a);
      out.write((int) value);
    } else if (value >= 0 && value < 0x10000) {
      out.write(0x0b);
      out.write((int) value);
      out.write((int) value >> 8);
    } else if (value >>> 32 == 0) {
      out.write(0x0c);
      dword(value);
    } else {
      out.write(0x0e);
      dword(value);
      dword(value >> 32);
    }
  }

  /** An identifier of three letters and four digits, which a number stands for. */
  public void identifier(String text) {
    int value = 0;
    for (int index = 0; index < 3; index++) {
      value = value << 5 | (text.charAt(index) - '@');
    }
    value = value << 16 | Integer.parseInt(text.substring(3), 16);
    out.write(0x0c);
    dword(Integer.reverseBytes(value) & 0xffffffffL);
  }

  /** Characters of ASCII. */
  public void text(String text) {
    out.write(0x0d);
    out.writeBytes(text.getBytes(US_ASCII));
    out.write(0);
  }

  /** A port of eight bits: a region of that name, and a field in it for code to read and write. */
  public void port(String region, int number, String field) {
    out.write(0x5b);
    out.write(0x80);
    name(region);
    out.write(1); // of ports
    number(number);
    number(1);
    out.write(0x5b);
    out.write(0x81);
    inside(
        region,
        part -> {
          part.out.write(1); // accessed as bytes
          part.name(field);
          part.out.write(8); // bits
        });
  }

  /**
   * Code.
   *
   * @param arguments how many it takes, at most 7
   */
  public void method(String path, int arguments, Consumer<Aml> code) {
    out.write(0x14);
    inside(
        path,
        part -> {
          part.out.write(arguments);
          code.accept(part);
        });
  }

  /** Code: ends the method with the value of what is named. */
  public void give(String path) {
    out.write(0xa4);
    name(path);
  }

  /** Code: stores the method's argument, from 0 on, in what is named. */
  public void store(int argument, String path) {
    out.write(0x70);
    out.write(0x68 + argument);
    name(path);
  }

  /** Values in a row; {@code content} writes so many. */
  public void list(int count, Consumer<Aml> content) {
    out.write(0x12);
    var part = new Aml();
    part.out.write(count);
    content.accept(part);
    inside(part.bytes());
  }

  /** Numbers in a row. */
  public void numbers(long... values) {
    list(
        values.length,
        part -> {
          for (long value : values) {
            part.number(value);
          }
        });
  }

  /** Resources. */
  public void resources(Resources resources) {
    byte[] content = resources.bytes();
    var part = new Aml();
    part.number(content.length);
    part.out.writeBytes(content);
    out.write(0x11);
    inside(part.bytes());
  }
}
