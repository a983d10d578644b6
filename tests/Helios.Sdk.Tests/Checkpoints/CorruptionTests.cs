using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Checkpoints;

namespace Helios.Sdk.Tests.Checkpoints;

/// <summary>Random damage: a file opens or is refused. Nothing else is ever thrown, and nothing large allocated.</summary>
public sealed class CorruptionTests
{
    private const long MostAllocated = 4_000_000;

    private const string Sidecar =
        """{"version":1,"exits":[{"layers":1},{"layers":2,"norm":"model.norm.weight"}],"calibration":{"signal":"entropy","exits":{"1":[[0.1,0.9],[2,0.3]]}}}""";

    // Half of the bytes written mean something to a JSON parser: plain noise would hardly get past the first quote.
    private static readonly Gen<byte> Noise = Gen.OneOf(
        Gen.Choose(0, 255).Select(value => (byte)value),
        Gen.Elements("0123456789-+.eE{}[]\",:\\u \0"u8.ToArray()));

    [Fact]
    public void Of_the_safetensors_header() => Damage("model.safetensors", shards: 1, file => 8 + BinaryPrimitives.ReadInt32LittleEndian(file));

    [Fact]
    public void Of_the_header_length() => Damage("model.safetensors", shards: 1, _ => 8);

    [Fact]
    public void Of_the_config() => Damage("config.json", shards: 1, file => file.Length);

    [Fact]
    public void Of_the_sidecar() => Damage("helios.json", shards: 1, file => file.Length);

    [Fact]
    public void Of_the_index() => Damage("model.safetensors.index.json", shards: 2, file => file.Length);

    [Fact]
    public void Of_the_length_of_the_file()
    {
        using var folder = new CheckpointWriter().Write();
        var whole = File.ReadAllBytes(folder["model.safetensors"]);
        var lengths = Gen.Choose(0, whole.Length - 1).ToArbitrary();
        Prop.ForAll(lengths, length => OpensOrIsRefused(folder, "model.safetensors", whole[..length])).QuickCheckThrowOnFailure();
    }

    private static void Damage(string name, int shards, Func<byte[], int> damaged)
    {
        using var folder = new CheckpointWriter { Shards = shards, Sidecar = Sidecar }.Write();
        var original = File.ReadAllBytes(folder[name]);
        var edit = from position in Gen.Choose(0, damaged(original) - 1) from value in Noise select (position, value);
        var edits = Gen.Choose(1, 6).SelectMany(count => edit.ArrayOf(count)).ToArbitrary();

        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(edits, list =>
        {
            var bytes = (byte[])original.Clone();
            foreach (var (position, value) in list) bytes[position] = value;
            return OpensOrIsRefused(folder, name, bytes);
        }));
    }

    private static bool OpensOrIsRefused(TempFolder folder, string name, byte[] bytes)
    {
        File.WriteAllBytes(folder[name], bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Checkpoint.Open(folder.Path).Dispose();
        }
        catch (CheckpointException e)
        {
            e.Message.Should().Contain(folder.Path).And.NotContain("\n");
        }

        return GC.GetAllocatedBytesForCurrentThread() - before < MostAllocated;
    }
}
