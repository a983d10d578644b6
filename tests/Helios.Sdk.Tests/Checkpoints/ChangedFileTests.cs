using System.Security.Cryptography;
using System.Text.Json;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Checkpoints.Identity;
using Helios.Sdk.Models;
using Helios.Sdk.Tests.Checkpoints.Identity;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>A checkpoint whose files change under it is read no more: parts of two models would make a third.</summary>
public sealed class ChangedFileTests
{
    private const string Weights = "model.safetensors";

    [SkippableFact]
    public void A_file_that_is_overwritten_in_place_is_read_no_more()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets nobody write to a checkpoint that is open.");
        var (folder, checkpoint) = Open();
        using var both = new Both(folder, checkpoint);
        var tensor = Tensor(checkpoint, TensorRole.Gate, 1);
        var former = File.ReadAllBytes(folder[Weights]);
        checkpoint.StaleBecause.Should().BeNull();

        Overwrite(folder, new CheckpointWriter(seed: 2));
        var read = () => checkpoint.Read(tensor, 0, new byte[4]);
        read.Should().Throw<CheckpointChangedException>().WithMessage($"{folder[Weights]}: changed after it was opened: its modification time is another. What is loaded*");
        checkpoint.StaleBecause.Should().Contain("its modification time is another");

        WriteInPlace(folder[Weights], former);
        read.Should().Throw<CheckpointChangedException>("it comes back as a new model alone");
        var other = () => checkpoint.Read(Tensor(checkpoint, TensorRole.FinalNorm), 0, new byte[4]);
        other.Should().Throw<CheckpointChangedException>();
        using var anew = Checkpoint.Open(folder.Path);
        anew.Read(tensor, 0, new byte[4]);
    }

    [SkippableFact]
    public void Setting_the_time_back_hides_nothing()
    {
        Skip.IfNot(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "Elsewhere nobody can write to it, or there is no change time.");
        var (folder, checkpoint) = Open();
        using var both = new Both(folder, checkpoint);
        var time = File.GetLastWriteTimeUtc(folder[Weights]);
        Overwrite(folder, new CheckpointWriter(seed: 2));
        File.SetLastWriteTimeUtc(folder[Weights], time);

        var read = () => checkpoint.Read(Tensor(checkpoint, TensorRole.Gate, 1), 0, new byte[4]);
        read.Should().Throw<CheckpointChangedException>().WithMessage("*its content is another*");
    }

    [SkippableFact]
    public void Names_links_and_rights_are_not_the_content()
    {
        Skip.IfNot(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS());
        var (folder, checkpoint) = Open();
        using var both = new Both(folder, checkpoint);
        var tensor = Tensor(checkpoint, TensorRole.Gate, 1);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder[Weights], UnixFileMode.UserRead);
        checkpoint.Read(tensor, 0, new byte[4]);
        File.Move(folder[Weights], folder["elsewhere"]);
        checkpoint.Read(tensor, 0, new byte[4]);
        File.Delete(folder["elsewhere"]);
        checkpoint.Read(tensor, 0, new byte[4]);
        checkpoint.StaleBecause.Should().BeNull();
    }

    [Fact]
    public void The_file_is_looked_at_before_a_read_and_behind_it()
    {
        using var folder = new CheckpointWriter().Write();
        var same = new FileIdentity(1, 2, 3, 4, 5);
        var changesAt = int.MaxValue;
        var identifier = new ScriptedIdentifier(asked => asked < changesAt ? same : same with { Modified = 6 });
        using var file = SafetensorsFile.Open(folder[Weights], identifier);
        var entry = file.Entries.Values.First();
        var read = () => file.Read(entry.Name, file.DataStart + entry.Begin, new byte[4]);

        var before = identifier.Asked;
        read.Should().NotThrow();
        identifier.Asked.Should().Be(before + 2);
        changesAt = identifier.Asked + 1;
        read.Should().Throw<CheckpointChangedException>("what was read may be of both").WithMessage("*its modification time is another*");
        identifier.Asked.Should().Be(before + 4);
        read.Should().Throw<CheckpointChangedException>();
        identifier.Asked.Should().Be(before + 4, "it is known");
    }

    [SkippableFact]
    public void Where_a_system_says_nothing_another_header_shows()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets nobody write to a checkpoint that is open.");
        using var folder = new CheckpointWriter().Write();
        using var file = SafetensorsFile.Open(folder[Weights], Blind());
        var bytes = File.ReadAllBytes(folder[Weights]);
        bytes[8 + 4]++; // a letter of a name
        WriteInPlace(folder[Weights], bytes);

        var entry = file.Entries.Values.MaxBy(entry => entry.End - entry.Begin)!;
        var read = () =>
        {
            for (var i = 0; i < 32 * file.DataStart / (entry.End - entry.Begin) + 1; i++) file.Read(entry.Name, file.DataStart + entry.Begin, new byte[entry.End - entry.Begin]);
        };
        read.Should().Throw<CheckpointChangedException>().WithMessage("*its header is another*");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_tensor_is_held_against_its_digest(bool inSidecar)
    {
        var writer = new CheckpointWriter();
        var (right, wrong) = (writer.Tensors[3], writer.Tensors[4]);
        using var folder = writer.Write();
        var digests = JsonSerializer.Serialize(new Dictionary<string, string>(StringComparer.Ordinal) { [right.Name] = Digest(right.Bytes), [wrong.Name] = Digest([1]) });
        File.WriteAllText(folder[inSidecar ? "helios.json" : "digests.json"], inSidecar ? $$"""{ "version": 1, "exits": [], "digests": {{digests}} }""" : digests);
        using var checkpoint = Checkpoint.Open(folder.Path, digestFile: inSidecar ? null : folder["digests.json"]);

        var tensors = ReadTests.AllTensors(checkpoint).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        checkpoint.Read(tensors[right.Name], 0, new byte[4]);
        checkpoint.Read(tensors[right.Name], 4, new byte[4]);
        var read = () => checkpoint.Read(tensors[wrong.Name], 4, new byte[4]);
        read.Should().Throw<CheckpointChangedException>().WithMessage($"*tensor '{wrong.Name}' has the SHA-256 {Digest(wrong.Bytes)}, expected {Digest([1])} as *.json says*");
        checkpoint.StaleBecause.Should().NotBeNull();
    }

    [SkippableFact]
    public void Where_a_system_says_nothing_a_digest_shows_other_weights()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows lets nobody write to a checkpoint that is open.");
        var writer = new CheckpointWriter();
        using var folder = writer.Write();
        var raw = writer.Tensors[3];
        using var file = SafetensorsFile.Open(folder[Weights], Blind());
        var tensor = file.Entries[raw.Name];
        var digests = new TensorDigests(new Dictionary<string, TensorDigests.Named>(StringComparer.Ordinal) { [raw.Name] = new(SHA256.HashData(raw.Bytes), "helios.json") });

        digests.Check(file, tensor, 0);
        Overwrite(folder, new CheckpointWriter(seed: 2));
        digests.Check(file, tensor, 4);
        var load = () => digests.Check(file, tensor, 0);
        load.Should().Throw<CheckpointChangedException>("every load begins at its start");
    }

    [Theory]
    [InlineData("""{ "model.norm.weight": "abc" }""", "*digests.json: *model.norm.weight* is \"abc\"; expected a SHA-256 as 64 hexadecimal digits*")]
    [InlineData("""{ "nobody": "0000000000000000000000000000000000000000000000000000000000000000" }""", "*digests.json: names a digest of tensor 'nobody', which is in none of the model's files*")]
    [InlineData("[]", "*digests.json*")]
    public void Digests_that_are_none_are_refused(string digests, string message)
    {
        using var folder = new CheckpointWriter().Write();
        File.WriteAllText(folder["digests.json"], digests);
        var open = () => Checkpoint.Open(folder.Path, digestFile: folder["digests.json"]);
        open.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Fact]
    public void Digests_that_contradict_each_other_are_refused()
    {
        using var folder = new CheckpointWriter().Write();
        File.WriteAllText(folder["helios.json"], $$"""{ "version": 1, "exits": [], "digests": { "model.norm.weight": "{{new string('a', 64)}}" } }""");
        File.WriteAllText(folder["digests.json"], $$"""{ "model.norm.weight": "{{new string('b', 64)}}" }""");
        var open = () => Checkpoint.Open(folder.Path, digestFile: folder["digests.json"]);
        open.Should().Throw<CheckpointException>().WithMessage($"*digests.json: *model.norm.weight* is *; expected {new string('a', 64)}, as *helios.json says*");
    }

    internal static void Overwrite(TempFolder folder, CheckpointWriter writer)
    {
        using var other = writer.Write();
        WriteInPlace(folder[Weights], File.ReadAllBytes(other[Weights]));
    }

    internal static void WriteInPlace(string path, byte[] bytes)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.Write(bytes);
    }

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static ScriptedIdentifier Blind() => new(_ => new FileIdentity(0, 0, 0, 0, 0));

    private static (TempFolder Folder, Checkpoint Checkpoint) Open()
    {
        var folder = new CheckpointWriter().Write();
        File.SetLastWriteTimeUtc(folder[Weights], new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        return (folder, Checkpoint.Open(folder.Path));
    }

    private static StoredTensor Tensor(Checkpoint checkpoint, TensorRole role, int layer = -1) =>
        checkpoint.TryGetTensor(new TensorKey(role, layer), out var tensor) ? tensor : throw new InvalidOperationException($"There is no {role}.");

    private sealed record Both(TempFolder Folder, Checkpoint Checkpoint) : IDisposable
    {
        public void Dispose()
        {
            Checkpoint.Dispose();
            Folder.Dispose();
        }
    }
}
