using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>What the tests of this folder say over and over.</summary>
internal static class Opening
{
    /// <summary>Writes the checkpoint, opens it, and hands over what it says.</summary>
    public static CheckpointInfo Info(CheckpointWriter writer)
    {
        using var folder = writer.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        return checkpoint.Info;
    }

    /// <summary>The checkpoint must be refused with a message that holds each of <paramref name="words"/>.</summary>
    public static void MustBeRefused(CheckpointWriter writer, params string[] words)
    {
        using var folder = writer.Write();
        MustBeRefused(folder, words);
    }

    /// <inheritdoc cref="MustBeRefused(CheckpointWriter, string[])"/>
    public static void MustBeRefused(TempFolder folder, params string[] words)
    {
        var open = () => Checkpoint.Open(folder.Path).Dispose();
        var message = open.Should().Throw<CheckpointException>().Which.Message;
        message.Should().ContainAll(words);
    }
}
