// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fuzz;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/**
 * Sound images of LUKS2, as far as can be told without their keys; nobody here makes such images.
 */
final class Luks2Seeds {
  /** The size of a copy of the header. */
  static final int HEADER = 16 << 10;

  static final int CHECKSUM = 448;

  /** Where both copies have their numbers and their text. */
  static final int[] PLACES = {0, 4096, HEADER, HEADER + 4096};

  private static final int AREAS = 64 << 10;
  private static final int DISK = 8 << 10;

  private Luks2Seeds() {}

  static List<byte[]> all() {
    String argon2 = "'type':'argon2id','time':4,'memory':1048576,'cpus':4,'salt':'%s'";
    String pbkdf2 = "'type':'pbkdf2','hash':'sha512','iterations':1000000,'salt':'%s'";
    return List.of(
        image("aes-xts-plain64", 64, argon2, "'dynamic'", 4096),
        image("serpent-cbc-essiv:sha256", 16, pbkdf2, "'4096'", 512));
  }

  private static byte[] image(
      String cipher, int keyBytes, String derivation, String size, int sectorBytes) {
    String salt = Base64.getEncoder().encodeToString(new byte[32]);
    int material = keyBytes * 4000;
    int areas = Math.max(AREAS, (material + 4095) / 4096 * 4096);
    String text =
        """
        {'keyslots':{'1':{'type':'luks2','key_size':%d,
        'af':{'type':'luks1','stripes':4000,'hash':'sha256'},
        'area':{'type':'raw','offset':'%d','size':'%d','encryption':'%s','key_size':%d},
        'kdf':{%s},'priority':2}},'tokens':{},
        'segments':{'0':{'type':'crypt','offset':'%d','size':%s,'iv_tweak':'0',
        'encryption':'%s','sector_size':%d}},
        'digests':{'0':{'type':'pbkdf2','keyslots':['1'],'segments':['0'],'hash':'sha256',
        'iterations':1000,'salt':'%s','digest':'%s'}},
        'config':{'json_size':'%d','keyslots_size':'%d'}}\
        """
            .formatted(
                keyBytes,
                2 * HEADER,
                areas,
                cipher,
                keyBytes,
                derivation.formatted(salt),
                2 * HEADER + areas,
                size,
                cipher,
                sectorBytes,
                salt,
                salt,
                HEADER - 4096,
                areas)
            .replace('\'', '"');
    var image = new byte[2 * HEADER + areas + DISK];
    copy(image, 0, "LUKS", text);
    copy(image, HEADER, "SKUL", text);
    return Checksums.luks2(image);
  }

  private static void copy(byte[] image, int at, String magic, String text) {
    ByteBuffer out = ByteBuffer.wrap(image);
    out.position(at);
    out.put(magic.getBytes(StandardCharsets.US_ASCII)).put((byte) 0xba).put((byte) 0xbe);
    out.putShort((short) 2).putLong(HEADER).putLong(3);
    out.put(at + 72, "sha256".getBytes(StandardCharsets.US_ASCII));
    out.put(at + 168, "00000000-0000-4000-8000-000000000000".getBytes(StandardCharsets.US_ASCII));
    out.putLong(at + 256, at);
    out.put(at + 4096, text.getBytes(StandardCharsets.US_ASCII));
  }
}
