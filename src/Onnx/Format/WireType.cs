namespace Meridian.Onnx.Format;

/// <summary>Wire types of protobuf (protobuf.dev, "Encoding"): the lowest three bits of a field's tag. The field's number is in the bits above.</summary>
internal static class WireType
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Delimited = 2;
    public const int Fixed32 = 5;

    /// <value>Number of bits of a tag that hold the wire type.</value>
    public const int Bits = 3;

    /// <value>The bits of a tag that hold the wire type.</value>
    public const ulong Mask = (1 << Bits) - 1;

    /// <value>The largest field number that protobuf allows.</value>
    public const ulong LargestField = 536_870_911;
}
