namespace Meridian.Onnx.Writing;

/// <summary>One dimension of a graph's input or output: a number, or a name for what callers choose.</summary>
public readonly record struct OnnxDimension
{
    private OnnxDimension(long? length, string? symbol) => (Length, Symbol) = (length, symbol);

    public long? Length { get; }

    public string? Symbol { get; }

    public static implicit operator OnnxDimension(long length) => new(length, null);

    public static implicit operator OnnxDimension(string symbol) => new(null, symbol);

    public static OnnxDimension FromInt64(long length) => length;

    public static OnnxDimension FromString(string symbol) => symbol;
}
