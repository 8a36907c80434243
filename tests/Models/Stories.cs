namespace Meridian.TestModels;

/// <summary>The trained model <c>stories260k</c>, where the machine has it.</summary>
public static class Stories
{
    /// <value>Variable that names the folder of trained models.</value>
    public const string Variable = "MERIDIAN_TEST_MODELS";

    /// <summary>The model's folder; skips the test where there is none.</summary>
    public static string Require()
    {
        var models = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(models))
            Assert.Skip($"{Variable} is not set; set it to the folder that holds stories260k (karpathy/tinyllamas, exported to ONNX with cache).");
        var directory = Path.Combine(models!, "stories260k");
        if (!File.Exists(Path.Combine(directory, "onnx", "model.onnx")))
            Assert.Skip($"{Variable} = '{models}' holds no stories260k/onnx/model.onnx; set it to the folder that holds stories260k.");
        return directory;
    }
}
