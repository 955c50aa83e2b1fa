/** How Linux lays out what recvmmsg and sendmmsg are told, on 64-bit machines that put the low byte first. */

/**
 * struct mmsghdr, one a packet, in words of 32 bits. Pointers and sizes have two; the upper one of a size stays 0.
 *
 *      0          2             4         6            8             10               12          14        16
 *      +----------+-------------+---------+------------+-------------+----------------+-----------+---------+
 *      | msg_name | msg_namelen | msg_iov | msg_iovlen | msg_control | msg_controllen | msg_flags | msg_len |
 *      +----|-----+-------------+----|----+------------+------|------+----------------+-----------+---------+
 *           ▾                        ▾                        ▾
 *        sockaddr                  iovec                   cmsghdr
 */
export const MSGHDR = {
  name: 0,
  nameLength: 2,
  iov: 4,
  iovCount: 6,
  control: 8,
  controlLength: 10,
  flags: 12,
  length: 14,
  words: 16,
} as const;

/**
 * struct iovec, in words.
 *
 *      0          2         4
 *      +----------+---------+
 *      | iov_base | iov_len |
 *      +----------+---------+
 */
export const IOVEC = { length: 2, words: 4 } as const;

/**
 * struct sockaddr_in and sockaddr_in6, in bytes. Ports and addresses are in network order.
 *
 *      0        2      4             8              24         28
 *      +--------+------+-------------+--------------+----------+
 *      | family | port | address (4) | zero (8)     |            16 bytes
 *      | family | port | flow label  | address (16) | scope id | 28 bytes
 *      +--------+------+-------------+--------------+----------+
 */
export const SOCKADDR = { port: 2, ipv4: 4, ipv6: 8, scope: 24 } as const;
export const SOCKADDR_IN_BYTES = 16;
export const SOCKADDR_IN6_BYTES = 28;

/**
 * struct cmsghdr, and in it struct in_pktinfo or in6_pktinfo, in words. What the system tells of a query is what it wants to
 * be told of the reply: `local` is the address that it comes from, `interface` what it has to leave by, unless that is 0.
 *
 *      0          2       3      4           5       6             8           9
 *      +----------+-------+------+-----------+-------+-------------+           |
 *      | cmsg_len | level | type | interface | local | destination |           |  28 bytes, with padding 32
 *      | cmsg_len | level | type | local                           | interface |  36 bytes, with padding 40
 *      +----------+-------+------+---------------------------------+-----------+
 */
export const CMSG = {
  level: 2,
  type: 3,
  ipv4Interface: 4,
  ipv4Local: 5,
  ipv4Destination: 6,
  ipv6Local: 4,
  ipv6Interface: 8,
} as const;
