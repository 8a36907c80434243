using System.Buffers.Binary;
using System.IO.Hashing;

namespace Meridian.Grains.Storage;

/// <summary>
/// The checksum at the end of a stored record. It is a mark of four bytes that ends no MessagePack body, the length of the record before the seal, and
/// the record's xxHash3. Older releases write no seal. They can read a record with one, because they read one MessagePack object and ignore the rest.
/// </summary>
public static class StoredRecordSeal
{
    /// <summary>Size of a seal in bytes.</summary>
    public const int Size = 16;

    // MessagePack and UTF-8 never use the byte 0xC1.
    private static ReadOnlySpan<byte> Mark => [0xC1, (byte)'M', (byte)'R', (byte)'D'];

    /// <summary>Writes the seal of a record.</summary>
    /// <param name="record">The record without the seal.</param>
    /// <param name="seal">At least <see cref="Size"/> bytes.</param>
    public static void Write(ReadOnlySpan<byte> record, Span<byte> seal)
    {
        Mark.CopyTo(seal);
        BinaryPrimitives.WriteInt32LittleEndian(seal[4..], record.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(seal[8..], Hash(record));
    }

    /// <summary>Whether a record ends with a seal. The seal may be wrong.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> record) => record.Length >= Size && record[^Size..].StartsWith(Mark);

    /// <summary>Whether the seal at the end of a record matches the record.</summary>
    public static bool Holds(ReadOnlySpan<byte> record) =>
        BinaryPrimitives.ReadInt32LittleEndian(record[^(Size - 4)..]) == record.Length - Size
        && BinaryPrimitives.ReadUInt64LittleEndian(record[^(Size - 8)..]) == Hash(record[..^Size]);

    /// <summary>Whether a damaged part of a larger file lies completely in one sealed record, so that the seal shows the damage.</summary>
    /// <param name="offset">First byte of the damage.</param>
    /// <param name="length">Number of damaged bytes.</param>
    public static bool Covers(ReadOnlySpan<byte> file, int offset, int length)
    {
        var at = file[offset..].IndexOf(Mark);
        if (at < 0 || offset + at + Size > file.Length) return false;
        var mark = offset + at;
        var start = mark - (long)BinaryPrimitives.ReadInt32LittleEndian(file[(mark + 4)..]);
        return start >= 0 && start <= offset && offset + length <= mark + Size && start < mark && !Holds(file[(int)start..(mark + Size)]);
    }

    private static ulong Hash(ReadOnlySpan<byte> record) => XxHash3.HashToUInt64(record);
}
