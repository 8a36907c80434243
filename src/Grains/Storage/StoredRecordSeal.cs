using System.Buffers.Binary;
using System.IO.Hashing;

namespace Meridian.Grains.Storage;

/// <summary>
/// The checksum at the end of a stored record: four bytes that no MessagePack body ends with, the length of what is before them, and its xxHash3. Releases before it wrote none and pass over it:
/// they read one MessagePack object and no further.
/// </summary>
public static class StoredRecordSeal
{
    /// <summary>Bytes of a seal.</summary>
    public const int Size = 16;

    // 0xC1 is the byte that MessagePack and UTF-8 never use.
    private static ReadOnlySpan<byte> Mark => [0xC1, (byte)'M', (byte)'R', (byte)'D'];

    /// <summary>Writes the seal of a record.</summary>
    /// <param name="record">The record without it.</param>
    /// <param name="seal">At least <see cref="Size"/> bytes.</param>
    public static void Write(ReadOnlySpan<byte> record, Span<byte> seal)
    {
        Mark.CopyTo(seal);
        BinaryPrimitives.WriteInt32LittleEndian(seal[4..], record.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(seal[8..], Hash(record));
    }

    /// <summary>Whether a record ends with a seal, right or wrong.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> record) => record.Length >= Size && record[^Size..].StartsWith(Mark);

    /// <summary>Whether the seal at a record's end fits the record.</summary>
    public static bool Holds(ReadOnlySpan<byte> record) =>
        BinaryPrimitives.ReadInt32LittleEndian(record[^(Size - 4)..]) == record.Length - Size
        && BinaryPrimitives.ReadUInt64LittleEndian(record[^(Size - 8)..]) == Hash(record[..^Size]);

    /// <summary>Whether damaged bytes of a larger file lie wholly in one sealed record, which its seal then gives away.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="offset">Where the damage begins.</param>
    /// <param name="length">Bytes of the damage.</param>
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
