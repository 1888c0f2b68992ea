// SPDX-License-Identifier: Apache-2.0
package dev.strata.block.http;

import static dev.strata.block.Errno.EINVAL;

import dev.strata.block.BlockException;
import dev.strata.block.http.UrlSettings.Login;
import dev.strata.block.object.ObjectRegistry;
import dev.strata.block.option.BlockOptions;
import dev.strata.block.option.Option;
import dev.strata.block.option.OptionSchema;
import org.jspecify.annotations.Nullable;

/**
 * The options of the drivers.
 *
 * @see "QEMU qapi/block-core.json, BlockdevOptionsCurlHttp, BlockdevOptionsCurlHttps,
 *     BlockdevOptionsCurlFtp, BlockdevOptionsCurlFtps"
 */
final class UrlOptions {
  private static final Option<String> URL = Option.string("url", "URL to open");
  private static final Option<Long> READAHEAD = Option.size("readahead", "Readahead size");
  private static final Option<Boolean> SSLVERIFY =
      Option.bool("sslverify", "Verify SSL certificate");
  private static final Option<Long> TIMEOUT = Option.number("timeout", "Curl timeout");
  private static final Option<String> COOKIE =
      Option.string("cookie", "Pass the cookie or list of cookies with each request");
  private static final Option<String> COOKIE_SECRET =
      Option.string("cookie-secret", "ID of secret used as cookie passed with each request");
  private static final Option<String> USERNAME =
      Option.string("username", "Username for HTTP auth");
  private static final Option<String> PASSWORD_SECRET =
      Option.string("password-secret", "ID of secret used as password for HTTP auth");
  private static final Option<String> PROXY_USERNAME =
      Option.string("proxy-username", "Username for HTTP proxy auth");
  private static final Option<String> PROXY_PASSWORD_SECRET =
      Option.string("proxy-password-secret", "ID of secret used as password for HTTP proxy auth");

  static final OptionSchema HTTP =
      OptionSchema.of(
          URL,
          READAHEAD,
          SSLVERIFY,
          TIMEOUT,
          COOKIE,
          COOKIE_SECRET,
          USERNAME,
          PASSWORD_SECRET,
          PROXY_USERNAME,
          PROXY_PASSWORD_SECRET);

  static final OptionSchema FTP =
      OptionSchema.of(
          URL,
          READAHEAD,
          TIMEOUT,
          USERNAME,
          PASSWORD_SECRET,
          PROXY_USERNAME,
          PROXY_PASSWORD_SECRET);

  static final OptionSchema FTPS = FTP.and(OptionSchema.of(SSLVERIFY));

  private static final long DEFAULT_READAHEAD = 256 << 10;
  private static final long DEFAULT_TIMEOUT = 5;
  private static final int MAX_TIMEOUT = 10000;

  private UrlOptions() {}

  /**
   * Takes all of the drivers' options.
   *
   * @param driver whose name the URL begins with
   * @param known those that the driver has; any other is left for who asks what is not known
   * @param objects of which some may be passwords and cookies
   */
  static UrlSettings take(
      BlockOptions options, String driver, OptionSchema known, ObjectRegistry objects)
      throws BlockException {
    boolean plain =
        !options.has(SSLVERIFY.name())
            && !options.has(COOKIE.name())
            && !options.has(COOKIE_SECRET.name())
            && !options.has(USERNAME.name())
            && !options.has(PASSWORD_SECRET.name())
            && !options.has(PROXY_USERNAME.name())
            && !options.has(PROXY_PASSWORD_SECRET.name());
    long readAhead = options.take(READAHEAD, DEFAULT_READAHEAD);
    if ((readAhead & 0x1ff) != 0) {
      throw new BlockException(
          EINVAL, "HTTP_READAHEAD_SIZE " + readAhead + " is not a multiple of 512");
    }
    long timeout = options.take(TIMEOUT, DEFAULT_TIMEOUT);
    if (timeout < 0 || timeout > MAX_TIMEOUT) {
      throw new BlockException(EINVAL, "timeout parameter is too large or negative");
    }
    boolean verify = known.find(SSLVERIFY.name()) == null || options.take(SSLVERIFY, true);
    String cookie = known.find(COOKIE.name()) == null ? null : takeCookie(options, objects);
    String url = options.take(URL);
    if (url == null) {
      throw new BlockException(EINVAL, "curl block driver requires an 'url' option");
    }
    if (!url.startsWith(driver + "://")) {
      throw new BlockException(
          EINVAL,
          driver
              + " curl driver cannot handle the URL '"
              + url
              + "' (does not start with '"
              + driver
              + "://')");
    }
    Login login = takeLogin(options, USERNAME, PASSWORD_SECRET, objects);
    Login proxyLogin = takeLogin(options, PROXY_USERNAME, PROXY_PASSWORD_SECRET, objects);
    return new UrlSettings(url, plain, readAhead, (int) timeout, verify, cookie, login, proxyLogin);
  }

  private static @Nullable String takeCookie(BlockOptions options, ObjectRegistry objects)
      throws BlockException {
    String cookie = options.take(COOKIE);
    String secret = options.take(COOKIE_SECRET);
    if (cookie != null && secret != null) {
      throw new BlockException(EINVAL, "curl driver cannot handle both cookie and cookie secret");
    }
    return secret == null ? cookie : objects.secret(secret).text(secret);
  }

  private static @Nullable Login takeLogin(
      BlockOptions options, Option<String> name, Option<String> secret, ObjectRegistry objects)
      throws BlockException {
    String user = options.take(name);
    String id = options.take(secret);
    String password = id == null ? "" : objects.secret(id).text(id);
    return user == null ? null : new Login(user, password);
  }
}
