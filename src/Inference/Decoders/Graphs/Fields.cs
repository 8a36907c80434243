using System.Buffers.Binary;

namespace Meridian.Inference.Decoders.Graphs;

/// <summary>Reads the fields of one protobuf message, in order (wire format).</summary>
internal ref struct Fields(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    public int Number { get; private set; }

    /// <value>The value of a numeric field.</value>
    public ulong Value { get; private set; }

    /// <value>The content of a field with a length prefix; empty for other fields.</value>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Adds the numbers of a packed field to a list.</summary>
    public static void Packed(ReadOnlySpan<byte> field, List<long> numbers)
    {
        var rest = new Fields(field);
        while (!rest._rest.IsEmpty)
            numbers.Add((long)rest.Varint());
    }

    /// <summary>The number of a packed field; null if the field holds more than one.</summary>
    public static long? Packed(ReadOnlySpan<byte> field)
    {
        var rest = new Fields(field);
        var number = (long)rest.Varint();
        return rest._rest.IsEmpty ? number : null;
    }

    public bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        var tag = Varint();
        if (tag >> 3 is 0 or > 536_870_911)
            throw new InvalidDataException($"{tag >> 3} is no field number.");
        Number = (int)(tag >> 3);
        Bytes = default;
        switch (tag & 7)
        {
            case 0:
                Value = Varint();
                break;
            case 1:
                Value = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                Bytes = Take(Varint());
                break;
            case 5:
                Value = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw new InvalidDataException($"field {Number} has wire type {tag & 7}, which does not exist.");
        }

        return true;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }

        throw new InvalidDataException("a number has more than ten bytes.");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
            throw new InvalidDataException($"a field of {length} bytes has {_rest.Length} left.");
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }
}
