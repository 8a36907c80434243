namespace Meridian.ModelTools.Output;

/// <summary>Told how far a command is.</summary>
public interface IStageProgress
{
    /// <param name="stage">What is being done.</param>
    /// <param name="done">Bytes done in this stage.</param>
    /// <param name="total">Bytes of the stage.</param>
    void Report(string stage, long done, long total);
}
