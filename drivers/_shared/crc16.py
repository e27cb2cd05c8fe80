"""The CRC-16 of polynomial 8005, the lowest bit first, that devices on a line put behind a frame."""

ARC, MODBUS = 0, 0xFFFF  # what the CRC starts from: CRC-16/ARC, and that of Modbus RTU


def crc16(data: bytes, start: int) -> bytes:
    """Return the CRC, low byte first."""
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")
