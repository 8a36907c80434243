using System.Buffers.Binary;
using System.IO.Hashing;

namespace Meridian.Silo.Store.Ledger;

/// <summary>The ledger's facts about the append-only file as a whole.</summary>
internal sealed record LedgerState
{
    /// <summary>The number of commits to remember. They tell how many writes are missing if recovery ends at an earlier commit.</summary>
    public const int MostPoints = 64;

    /// <summary>The size of one state on disk, in bytes.</summary>
    public const int Size = 2048;

    private const uint Magic = 0x314C524D;
    private const int PointsAt = 32;

    /// <value>Grows by one with each state. Of the two states on disk, the one with the higher number is newer.</value>
    public required long Number { get; init; }

    /// <value>The last commits, oldest first. The last element is the acknowledged position.</value>
    public required IReadOnlyList<LedgerPoint> Points { get; init; }

    /// <value>Checksum of the acknowledged bytes in the last granule, if that granule is not full.</value>
    public required uint Rest { get; init; }

    /// <value>Whether a checkpoint was ever taken. If so, the append-only file alone is not the whole store.</value>
    public required bool HasCheckpoint { get; init; }

    public LedgerPoint Acknowledged => Points.Count > 0 ? Points[^1] : default;

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), Number);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Rest);
        bytes[16] = HasCheckpoint ? (byte)1 : (byte)0;
        bytes[17] = (byte)Points.Count;
        for (var i = 0; i < Points.Count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(PointsAt + (16 * i)), Points[i].Address);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(PointsAt + (16 * i) + 8), Points[i].Writes);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(Size - 8), XxHash3.HashToUInt64(bytes.AsSpan(0, Size - 8)));
        return bytes;
    }

    /// <returns>The state, or null if the bytes hold none or a damaged one.</returns>
    public static LedgerState? FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[(Size - 8)..]) != XxHash3.HashToUInt64(bytes[..(Size - 8)]))
        {
            return null;
        }

        var points = new LedgerPoint[Math.Min((int)bytes[17], MostPoints)];
        for (var i = 0; i < points.Length; i++)
        {
            points[i] = new LedgerPoint(
                BinaryPrimitives.ReadInt64LittleEndian(bytes[(PointsAt + (16 * i))..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[(PointsAt + (16 * i) + 8)..]));
        }

        return new LedgerState
        {
            Number = BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]),
            Rest = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            HasCheckpoint = bytes[16] != 0,
            Points = points,
        };
    }
}
