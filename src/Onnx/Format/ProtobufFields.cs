using System.Buffers.Binary;

namespace Meridian.Onnx.Format;

/// <summary>
/// Reads the fields of one protobuf message, in order. A copy continues on its own, so a copy made before the first field reads the message again.
/// </summary>
/// <param name="message">The bytes of the message.</param>
/// <param name="start">Where the message starts in the file.</param>
internal ref struct ProtobufFields(ReadOnlySpan<byte> message, int start = 0)
{
    private readonly int _end = start + message.Length;
    private ReadOnlySpan<byte> _rest = message;

    public int Number { get; private set; }

    /// <value>The value of a numeric field.</value>
    public ulong Value { get; private set; }

    /// <value>The content of a field with a length prefix; empty for other fields.</value>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <value>Whether the field has a length prefix. A repeated number may be written without it, or packed with it.</value>
    public bool IsDelimited { get; private set; }

    /// <value>Where <see cref="Bytes"/> starts in the file.</value>
    public int Start { get; private set; }

    /// <value>The field's content as a message.</value>
    public readonly ProtobufFields Message => new(Bytes, Start);

    /// <summary>Adds the numbers of a packed field to a list.</summary>
    public static void Packed(ReadOnlySpan<byte> field, List<long> numbers)
    {
        var rest = new ProtobufFields(field);
        while (!rest._rest.IsEmpty)
            numbers.Add((long)rest.Varint());
    }

    /// <summary>The number of a packed field; null if the field holds more than one.</summary>
    public static long? Packed(ReadOnlySpan<byte> field)
    {
        var rest = new ProtobufFields(field);
        var number = (long)rest.Varint();
        return rest._rest.IsEmpty ? number : null;
    }

    /// <exception cref="InvalidDataException">The message is damaged, or ends too early.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        var tag = Varint();
        var number = tag >> WireType.Bits;
        if (number is 0 or > WireType.LargestField)
            throw new InvalidDataException($"{number} is no field number.");
        Number = (int)number;
        Bytes = default;
        var type = (int)(tag & WireType.Mask);
        IsDelimited = type == WireType.Delimited;
        switch (type)
        {
            case WireType.Varint:
                Value = Varint();
                break;
            case WireType.Fixed64:
                Value = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case WireType.Delimited:
                Bytes = Take(Varint());
                Start = _end - _rest.Length - Bytes.Length;
                break;
            case WireType.Fixed32:
                Value = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw new InvalidDataException($"field {Number} has wire type {type}, which does not exist.");
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
