using Meridian.Onnx.Format;

namespace Meridian.Onnx.Writing;

/// <summary>A constant of a node.</summary>
public sealed class OnnxAttribute
{
    private readonly int _type;
    private readonly Action<ProtobufWriter> _value;

    private OnnxAttribute(string name, int type, Action<ProtobufWriter> value) => (Name, _type, _value) = (name, type, value);

    public string Name { get; }

    public static OnnxAttribute Of(string name, long value) => new(name, OnnxFields.AttributeType.Integer, w => w.Number(OnnxFields.Attribute.OneInteger, value));

    public static OnnxAttribute Of(string name, float value) => new(name, OnnxFields.AttributeType.Float, w => w.Real(OnnxFields.Attribute.OneFloat, value));

    public static OnnxAttribute Of(string name, string value) => new(name, OnnxFields.AttributeType.String, w => w.Text(OnnxFields.Attribute.OneString, value));

    public static OnnxAttribute Of(string name, IReadOnlyList<long> values) => new(name, OnnxFields.AttributeType.Integers, w =>
    {
        foreach (var value in values)
            w.Number(OnnxFields.Attribute.ManyIntegers, value);
    });

    internal ProtobufWriter Write()
    {
        var message = new ProtobufWriter().Text(OnnxFields.Attribute.Name, Name);
        _value(message);
        return message.Number(OnnxFields.Attribute.Type, _type);
    }
}
