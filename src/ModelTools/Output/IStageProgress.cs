namespace Meridian.ModelTools.Output;

/// <summary>Told how far a command is.</summary>
public interface IStageProgress
{
    /// <param name="stage">What is being done.</param>
    /// <param name="done">Bytes, tokens or updates done in this stage.</param>
    /// <param name="total">Those of the whole stage.</param>
    /// <param name="note">What else is to be seen of it: a loss, a speed; null for nothing.</param>
    void Report(string stage, long done, long total, string? note = null);
}
