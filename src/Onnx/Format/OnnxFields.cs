namespace Meridian.Onnx.Format;

/// <summary>Field numbers of onnx.proto (IR version 3 and later), one class for each message. The reader and the writer share them.</summary>
internal static class OnnxFields
{
    /// <summary><c>ModelProto</c>.</summary>
    internal static class Model
    {
        public const int IrVersion = 1;
        public const int ProducerName = 2;
        public const int Graph = 7;
        public const int OpsetImport = 8;
        public const int TrainingInfo = 20;
        public const int Functions = 25;
    }

    /// <summary><c>OperatorSetIdProto</c>.</summary>
    internal static class Opset
    {
        public const int Domain = 1;
        public const int Version = 2;
    }

    /// <summary><c>GraphProto</c>.</summary>
    internal static class Graph
    {
        public const int Node = 1;
        public const int Name = 2;
        public const int Initializer = 5;
        public const int Input = 11;
        public const int Output = 12;
        public const int SparseInitializer = 15;
    }

    /// <summary><c>NodeProto</c>.</summary>
    internal static class Node
    {
        public const int Input = 1;
        public const int Output = 2;
        public const int Name = 3;
        public const int OpType = 4;
        public const int Attribute = 5;
        public const int Domain = 7;
    }

    /// <summary><c>AttributeProto</c>. <c>One</c> in a name stands for the field that holds a single value, <c>Many</c> for its repeated counterpart.</summary>
    internal static class Attribute
    {
        public const int Name = 1;
        public const int OneFloat = 2;
        public const int OneInteger = 3;
        public const int OneString = 4;
        public const int OneTensor = 5;
        public const int OneGraph = 6;
        public const int ManyIntegers = 8;
        public const int ManyTensors = 10;
        public const int ManyGraphs = 11;
        public const int Type = 20;
        public const int OneSparseTensor = 22;
        public const int ManySparseTensors = 23;
    }

    /// <summary>Values of the field <see cref="Attribute.Type"/>.</summary>
    internal static class AttributeType
    {
        public const int Float = 1;
        public const int Integer = 2;
        public const int String = 3;
        public const int Integers = 7;
    }

    /// <summary><c>TensorProto</c>.</summary>
    internal static class Tensor
    {
        public const int Dimensions = 1;
        public const int DataType = 2;
        public const int FloatData = 4;
        public const int Int64Data = 7;
        public const int Name = 8;
        public const int RawData = 9;
        public const int ExternalData = 13;
        public const int DataLocation = 14;

        /// <value>Value of the field <see cref="DataLocation"/> for a tensor whose elements lie in another file.</value>
        public const int External = 1;
    }

    /// <summary><c>StringStringEntryProto</c>: an entry of a tensor's external data.</summary>
    internal static class Entry
    {
        public const int Key = 1;
        public const int Value = 2;

        public const string Location = "location";
        public const string Offset = "offset";
        public const string Length = "length";
    }

    /// <summary><c>SparseTensorProto</c>. Both fields are tensors.</summary>
    internal static class SparseTensor
    {
        public const int Values = 1;
        public const int Indices = 2;
    }

    /// <summary><c>ValueInfoProto</c>: an input or output of a graph.</summary>
    internal static class ValueInfo
    {
        public const int Name = 1;
        public const int Type = 2;
    }

    /// <summary><c>TypeProto</c>.</summary>
    internal static class ValueType
    {
        public const int Tensor = 1;
    }

    /// <summary><c>TypeProto.Tensor</c>.</summary>
    internal static class TensorType
    {
        public const int ElementType = 1;
        public const int Shape = 2;
    }

    /// <summary><c>TensorShapeProto</c>.</summary>
    internal static class Shape
    {
        public const int Dimension = 1;
    }

    /// <summary><c>TensorShapeProto.Dimension</c>.</summary>
    internal static class Dimension
    {
        public const int Length = 1;
        public const int Symbol = 2;
    }

    /// <summary><c>FunctionProto</c>.</summary>
    internal static class Function
    {
        public const int Node = 7;
        public const int DefaultAttribute = 11;
    }

    /// <summary><c>TrainingInfoProto</c>. Both fields are graphs.</summary>
    internal static class Training
    {
        public const int Initialization = 1;
        public const int Algorithm = 2;
    }
}
