// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.object;

import dev.strata.block.BlockException;
import java.util.ArrayList;
import java.util.List;

/**
 * Rules of which the first that matches counts.
 *
 * @param otherwise whether those may whom no rule is about
 */
record AuthorizationRules(List<Rule> rules, boolean otherwise) implements Authorization {
  /**
   * Whom it is about, and whether they may.
   *
   * @param pattern with {@code *} for any text and {@code ?} for any character if it is a glob
   */
  record Rule(String pattern, boolean glob, boolean allowed) {
    boolean matches(String identity) {
      return glob ? globMatches(pattern, identity) : pattern.equals(identity);
    }
  }

  /** Takes them from an object's properties. */
  static AuthorizationRules take(ObjectProperties properties) throws BlockException {
    boolean otherwise = "allow".equals(properties.word("policy", "deny", "allow"));
    var rules = new ArrayList<Rule>();
    for (ObjectProperties each : properties.list("rules")) {
      String pattern = each.requiredString("match");
      each.require("policy");
      boolean allowed = "allow".equals(each.word("policy", "deny", "allow"));
      boolean glob = "glob".equals(each.word("format", "exact", "glob"));
      each.rejectUnknown();
      rules.add(new Rule(pattern, glob, allowed));
    }
    properties.rejectUnknown();
    return new AuthorizationRules(List.copyOf(rules), otherwise);
  }

  @Override
  public boolean allows(String identity) {
    for (Rule rule : rules) {
      if (rule.matches(identity)) {
        return rule.allowed;
      }
    }
    return otherwise;
  }

  /** Goes back to the last star only, which is enough, so the time is bounded by the product. */
  private static boolean globMatches(String pattern, String text) {
    int p = 0;
    int t = 0;
    int star = -1;
    int resume = 0;
    while (t < text.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        resume = t;
      } else if (p < pattern.length()
          && (pattern.charAt(p) == '?' || pattern.charAt(p) == text.charAt(t))) {
        p++;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}
