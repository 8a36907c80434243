namespace Meridian.ModelTools.Onnx;

/// <summary>A constant of a node.</summary>
public sealed class OnnxAttribute
{
    private const int TypeField = 20;
    private readonly Action<ProtobufWriter> _value;

    private OnnxAttribute(string name, Action<ProtobufWriter> value) => (Name, _value) = (name, value);

    public string Name { get; }

    public static OnnxAttribute Of(string name, long value) => new(name, w => w.Number(3, value).Number(TypeField, 2));

    public static OnnxAttribute Of(string name, float value) => new(name, w => w.Real(2, value).Number(TypeField, 1));

    public static OnnxAttribute Of(string name, string value) => new(name, w => w.Text(4, value).Number(TypeField, 3));

    public static OnnxAttribute Of(string name, IReadOnlyList<long> values) => new(name, w =>
    {
        foreach (var value in values)
            w.Number(8, value);
        w.Number(TypeField, 7);
    });

    internal ProtobufWriter Write()
    {
        var message = new ProtobufWriter().Text(1, Name);
        _value(message);
        return message;
    }
}
