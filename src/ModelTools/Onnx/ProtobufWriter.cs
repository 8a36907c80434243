using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Meridian.ModelTools.Onnx;

/// <summary>Fields of one protobuf message (protobuf.dev, "Encoding"), of the kinds that ONNX uses.</summary>
internal sealed class ProtobufWriter
{
    private const int Varint = 0;
    private const int Delimited = 2;
    private const int Fixed32 = 5;
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
        Raw((ulong)(field << 3) | Varint);
        Raw((ulong)value);
        return this;
    }

    public ProtobufWriter Real(int field, float value)
    {
        Raw((ulong)(field << 3) | Fixed32);
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
        Raw((ulong)(field << 3) | Delimited);
        Raw((ulong)length);
        return this;
    }

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
