using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Meridian.Onnx.Format;

/// <summary>Fields of one protobuf message (protobuf.dev, "Encoding"), of the kinds that ONNX uses.</summary>
internal sealed class ProtobufWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    /// <summary>Bytes that a number takes.</summary>
    public static int VarintSize(ulong value)
    {
        var size = 1;
        for (; value >= 0x80; value >>= 7)
            size++;
        return size;
    }

    public ProtobufWriter Number(int field, long value)
    {
        Raw(Tag(field, WireType.Varint));
        Raw((ulong)value);
        return this;
    }

    public ProtobufWriter Real(int field, float value)
    {
        Raw(Tag(field, WireType.Fixed32));
        BinaryPrimitives.WriteSingleLittleEndian(_buffer.GetSpan(sizeof(float)), value);
        _buffer.Advance(sizeof(float));
        return this;
    }

    public ProtobufWriter Text(int field, string value)
    {
        Header(field, Encoding.UTF8.GetByteCount(value));
        _ = Encoding.UTF8.GetBytes(value, _buffer);
        return this;
    }

    public ProtobufWriter Message(int field, ProtobufWriter message)
    {
        Header(field, message.Written.Length);
        _buffer.Write(message.Written);
        return this;
    }

    /// <summary>Announces bytes of a length that the caller writes behind what is here.</summary>
    public ProtobufWriter Header(int field, long length)
    {
        Raw(Tag(field, WireType.Delimited));
        Raw((ulong)length);
        return this;
    }

    private static ulong Tag(int field, int type) => (ulong)((field << WireType.Bits) | type);

    private void Raw(ulong value)
    {
        var span = _buffer.GetSpan(10);
        var size = 0;
        for (; value >= 0x80; value >>= 7)
            span[size++] = (byte)(value | 0x80);
        span[size++] = (byte)value;
        _buffer.Advance(size);
    }
}
