using Google.Protobuf;

namespace Helios.Sdk.MicrosoftTokenizers.Tests;

/// <summary>Writes small SentencePiece models, each piece of a lower score than the one before it.</summary>
internal static class SentencePieceBytes
{
    public static byte[] Of(params (string Text, int Type)[] pieces) => Of(2, 0, pieces);

    public static byte[] Of(int modelType, int mapBytes, params (string Text, int Type)[] pieces) => Write(output =>
    {
        for (var id = 0; id < pieces.Length; id++)
        {
            var (text, type) = pieces[id];
            WriteBytes(output, 1, Write(piece =>
            {
                WriteBytes(piece, 1, System.Text.Encoding.UTF8.GetBytes(text));
                piece.WriteTag(2, WireFormat.WireType.Fixed32);
                piece.WriteFloat(-id);
                piece.WriteTag(3, WireFormat.WireType.Varint);
                piece.WriteEnum(type);
            }));
        }

        WriteBytes(output, 2, Write(trainer =>
        {
            trainer.WriteTag(3, WireFormat.WireType.Varint);
            trainer.WriteEnum(modelType);
        }));
        WriteBytes(output, 3, Write(normalizer =>
        {
            if (mapBytes > 0) WriteBytes(normalizer, 2, new byte[mapBytes]);
            normalizer.WriteTag(4, WireFormat.WireType.Varint);
            normalizer.WriteBool(false);
        }));
    });

    private static void WriteBytes(CodedOutputStream output, int field, byte[] bytes)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    }

    private static byte[] Write(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true)) write(output);
        return bytes.ToArray();
    }
}
