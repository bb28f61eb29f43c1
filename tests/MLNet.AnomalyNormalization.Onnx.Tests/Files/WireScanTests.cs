using Google.Protobuf;
using MLNet.AnomalyNormalization.Onnx.Files;
using MLNet.AnomalyNormalization.Onnx.Format;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Files;

[TestClass]
public sealed class WireScanTests
{
    [TestMethod]
    public void A_sound_file_passes()
        => Check(ModelFile.Vision().WithMetadata("key", "value").ToByteArray());

    [TestMethod]
    public void A_file_that_is_cut_anywhere_within_a_field_is_truncated()
    {
        byte[] whole = ModelFile.Vision().ToByteArray();
        int refused = 0;
        for (int length = 1; length < whole.Length; length++)
        {
            try
            {
                Check(whole[..length]);
                ModelProto.Parser.ParseFrom(whole, 0, length);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        // What is cut between two fields of the file itself is a shorter message, which can't be told.
        Assert.IsGreaterThan(whole.Length - 10, refused);
    }

    [TestMethod]
    [DataRow(new byte[] { 0x0F }, "no valid field", DisplayName = "a wire type that doesn't exist")]
    [DataRow(new byte[] { 0x0B }, "no valid field", DisplayName = "a group")]
    [DataRow(new byte[] { 0x00, 0x00 }, "no valid field", DisplayName = "field 0")]
    [DataRow(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, "no valid number",
        DisplayName = "a number without end")]
    [DataRow(new byte[] { 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F }, "9223372036854775807 bytes are due",
        DisplayName = "a length beyond all files")]
    [DataRow(new byte[] { 0x09, 1, 2, 3 }, "truncated", DisplayName = "half a number")]
    public void What_is_malformed_is_refused_with_the_place(byte[] bytes, string reason)
    {
        string message = Assert.ThrowsExactly<InvalidDataException>(() => Check(bytes)).Message;
        StringAssert.Contains(message, reason);
        StringAssert.Contains(message, "at byte");
    }

    [TestMethod]
    public void A_length_beyond_the_message_around_it_is_refused()
        => Assert.ThrowsExactly<InvalidDataException>(() => Check([0x3A, 0x02, 0x12, 0x05, 1, 2, 3, 4, 5]));

    [TestMethod]
    public void Millions_of_parts_in_a_small_file_are_refused_before_they_take_memory()
    {
        // A graph of 2.5 million empty nodes, two bytes each; as many unknown fields; as many empty names.
        byte[] nodes = [0x3A, .. Varint(5_000_000), .. Repeat([0x0A, 0x00])];
        byte[] unknown = Repeat([0x48, 0x00]);
        byte[] names = [0x3A, .. Varint(5_000_005), 0x0A, .. Varint(5_000_000), .. Repeat([0x0A, 0x00])];
        foreach (byte[] bomb in (byte[][])[nodes, unknown, names])
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Check(bomb)).Message, "parts");
            Assert.IsLessThan(1 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        static byte[] Repeat(byte[] field) => [.. Enumerable.Repeat(field, 2_500_000).SelectMany(bytes => bytes)];
    }

    [TestMethod]
    public void Deep_nesting_is_refused()
    {
        // A graph with a node with an attribute with a graph, and so on.
        byte[] graph = [];
        for (int i = 0; i < 40; i++)
            graph = Field(0x0A, Field(0x2A, Field(0x32, graph)));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Check(Field(0x3A, graph))).Message, "levels deep");

        static byte[] Field(byte tag, byte[] content) => [tag, .. Varint(content.Length), .. content];
    }

    private static void Check(byte[] bytes) => WireScan.Check(new MemoryStream(bytes), ModelProto.Descriptor);

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
