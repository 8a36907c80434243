namespace Meridian.ModelTools.Onnx;

/// <summary>Element types of tensors, with the numbers of ONNX's <c>TensorProto.DataType</c>.</summary>
public enum OnnxType
{
    Undefined = 0,
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Text = 8,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    BFloat16 = 16,
    UInt4 = 21,
    Int4 = 22,
}
