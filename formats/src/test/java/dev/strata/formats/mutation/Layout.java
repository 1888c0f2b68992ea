// SPDX-License-Identifier: Apache-2.0
package dev.strata.formats.mutation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The fields of a sound image, and where its structures lie. */
public final class Layout {
  private final Map<String, List<Field>> structures = new LinkedHashMap<>();
  private final List<Long> places = new ArrayList<>();

  /** Nothing yet. */
  public Layout() {}

  /** A number that says no place. */
  public void number(String structure, String name, long offset, int width) {
    add(new Field(structure, name, offset, width, 0, 1));
  }

  /** A number that says where something lies, in those of its bits. */
  public void pointer(String structure, String name, long offset, int width, long bits) {
    add(new Field(structure, name, offset, width, bits, 1));
  }

  /** A number that says in units of that many bytes where something lies. */
  public void place(String structure, String name, long offset, int width, long unit) {
    add(new Field(structure, name, offset, width, -1, unit));
  }

  /** Bytes that are no number, or whose meaning does not matter. */
  public void bytes(String structure, String name, long offset, long length) {
    for (long i = 0; i < length; i++) {
      number(structure, name + "[" + i + "]", offset + i, 1);
    }
  }

  private void add(Field field) {
    structures.computeIfAbsent(field.structure(), name -> new ArrayList<>()).add(field);
  }

  /** Something lies there that a wrong pointer may hit. */
  public void place(long offset) {
    if (!places.contains(offset)) {
      places.add(offset);
    }
  }

  public List<String> structures() {
    return List.copyOf(structures.keySet());
  }

  public List<Field> fields(String structure) {
    return structures.getOrDefault(structure, List.of());
  }

  public List<Long> places() {
    return places;
  }
}
